using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Ostler.Controller.Startup;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.LeaderElection;

if (args.Contains("--help"))
{
    Console.WriteLine(ControllerSettings.Usage);
    return 0;
}

if (args.Contains("--version"))
{
    Console.WriteLine(typeof(ControllerSettings).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
    return 0;
}

const string CheckInstallation = "--check-installation";
var flags = args.Where(a => a != CheckInstallation).ToArray();
var (settings, problem) = ControllerSettings.Parse(flags, Environment.GetEnvironmentVariable, Environment.MachineName);
if (settings is null)
{
    Console.Error.WriteLine(problem);
    return 2;
}

// Two processes of one name (a pod that was replaced in place) must not both believe that the lease is theirs.
settings = settings with { Identity = $"{settings.Identity}_{RandomNumberGenerator.GetHexString(8, lowercase: true)}" };
using var loggers = LoggerFactory.Create(builder =>
{
    builder.SetMinimumLevel(settings.LogLevel).AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Hosting", LogLevel.Warning);
    if (settings.LogFormat == LogFormat.Json)
    {
        builder.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat, o.IncludeScopes) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", true));
    }
    else
    {
        builder.AddSimpleConsole(o => (o.UseUtcTimestamp, o.TimestampFormat, o.SingleLine) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", true));
    }
});

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    // Without this the runtime would end the process at once, lease and all.
    signal.Cancel = true;
    stop.Cancel();
}

using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
// Leaders that follow each other, on whatever machine, have one clock.
var clock = new ServerClock(BootTime.Instance);
ApiClient client;
try
{
    var options = new ApiClientOptions { FieldManager = "ostler-controller", Answered = clock.Observe };
    client = settings.Kubeconfig is { } path ? KubeconfigClient.Create(path, options: options, userAgent: "ostler-controller") : KubeconfigClient.CreateDefault(options, "ostler-controller");
    if (settings.Console.ClusterName is null && (settings.Kubeconfig is not null || !InClusterClient.IsAvailable()))
    {
        settings = settings with { Console = settings.Console with { ClusterName = KubeconfigClient.ClusterName(settings.Kubeconfig) } };
    }
}
catch (Exception unusable)
{
    // Nothing was tried yet: whatever it is, it is in what this process was given.
    Console.Error.WriteLine($"No cluster is configured: {unusable.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Run it in a pod with a service account, or name a kubeconfig with --kubeconfig.");
    return 2;
}

try
{
    using var connection = client;
    if (args.Contains(CheckInstallation))
    {
        var check = new InstallationCheck(client, settings.Namespace, TimeProvider.System);
        var findings = await check.RunAsync(TimeSpan.FromMinutes(1), stop.Token);
        Console.WriteLine(string.Join(Environment.NewLine, findings));
        return findings.All(f => f.Passed) ? 0 : 1;
    }

    await new ControllerProcess(settings, client, loggers, clock, RandomFraction).RunAsync(stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (Exception e)
{
    Log.Failed(loggers.CreateLogger("ostler-controller"), e);
    return 1;
}

static double RandomFraction() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Critical, "Exiting after a failure; the kubelet restarts this process")]
    public static partial void Failed(ILogger logger, Exception exception);
}
