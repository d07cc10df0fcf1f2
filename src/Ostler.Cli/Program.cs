using System.Runtime.InteropServices;
using Ostler.Cli.Commands;
using Ostler.Cli.Completion;
using Ostler.Cli.Hosting;

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (Path.GetFileName(Environment.GetCommandLineArgs()[0]) == KubectlCompletion.Name)
{
    foreach (var line in KubectlCompletion.Lines(OstlerCommand.Create(CliEnvironment.OfProcess()), args))
    {
        Console.WriteLine(line);
    }

    return 0;
}

return await OstlerCommand.RunAsync(args, CliEnvironment.OfProcess(), stop.Token);
