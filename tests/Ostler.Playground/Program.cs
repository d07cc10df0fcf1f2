using System.Runtime.InteropServices;
using Ostler.Playground;
using Spectre.Console;

if (DemoOptions.Parse(args, Environment.GetEnvironmentVariable) is not { } options)
{
    Console.Error.WriteLine(DemoOptions.Usage);
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (Console.IsOutputRedirected)
{
    // A log is not 80 characters wide: wrapped lines could not be searched.
    AnsiConsole.Profile.Width = 1000;
}

var live = new Live(AnsiConsole.Console, TimeProvider.System);
try
{
    await using var demo = await Demo.StartAsync(options, live, stop.Token);
    return await demo.RunAsync(stop.Token) ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    live.Say("Interrupted. The fleet was stopped.");
    return 130;
}
catch (Exception broken)
{
    // Before there is a fleet: the message says what is missing and what to do.
    live.Say($"The demo did not start: {broken.Message}");
    return 1;
}

void Stop(PosixSignalContext context)
{
    // The default action would end the process before the hosts and the control plane are taken down.
    context.Cancel = true;
    stop.Cancel();
}
