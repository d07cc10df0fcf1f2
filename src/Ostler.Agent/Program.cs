using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ostler.Agent;
using Ostler.Agent.Cluster;
using Ostler.Agent.Host;
using Ostler.Agent.HostShell;
using Ostler.Agent.Logging;
using Ostler.Agent.Watchdog;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;

switch (args)
{
    case ["--version"]:
        Console.WriteLine(AgentVersion.Text);
        return 0;
    case ["--help"] or ["-h"]:
        Console.WriteLine(AgentOptions.Help);
        return 0;
    case ["watchdog", .. var words]:
        return await WatchdogCommand.RunAsync(words, CancellationToken.None);
    case ["host", "install" or "uninstall"] when HostConsoleCommand.Entry() is { } host:
        return await HostInstallation.RunAsync(args[1], host, CancellationToken.None);
    case ["host", .. var words]:
        return await HostConsoleCommand.RunAsync(words, CancellationToken.None);
    case not [] when AgentFlags.ProblemOf(args) is { } wrong:
        Console.Error.WriteLine(wrong);
        return 2;
}

if (AgentOptions.Parse(AgentFlags.Over(Environment.GetEnvironmentVariable, args), out var problem) is not { } options)
{
    Console.Error.WriteLine(problem);
    return 2;
}

var time = TimeProvider.System;
var log = new AgentLog(Console.Out, time);

// The seed makes agents that start together differ; nothing here needs to be unpredictable.
var random = new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
double Next()
{
    lock (random)
    {
        return random.NextDouble();
    }
}

var started = false;
using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    using var client = InClusterClient.Create(options.Api, new ApiClientOptions { FieldManager = NodeOSApi.FieldManager, TimeProvider = time });
    using var agent = Agent.Create(
        new NodeOSApi(client, options.NodeName, time, Next),
        new ProcessCommandRunner(options.HostEntry, time),
        new HostFiles(options.HostEntry.Root),
        log,
        time,
        Next,
        outbound: options.Outbound);
    started = true;
    log.Info("Started", $"ostler-agent {AgentVersion.Text} for node {options.NodeName}.");
    await agent.RunAsync(stop.Token);
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    log.Info("Stopped", "Stopping.");
    return 0;
}
catch (InvalidOperationException unusable) when (!started)
{
    Console.Error.WriteLine($"No API server is configured: {unusable.Message}. Run in a pod, or see --help.");
    return 2;
}
catch (Exception failure)
{
    log.Error("Crashed", failure.ToString());
    return 1;
}
