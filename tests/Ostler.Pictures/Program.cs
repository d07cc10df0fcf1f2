using System.Runtime.InteropServices;
using Ostler.Pictures;
using Ostler.Testing;

// Takes the pictures of the documentation from one run of the demo. Usage: Ostler.Pictures [FOLDER]
var folder = Directory.CreateDirectory(args is [var named] ? named : Path.Combine(Repository.Config, "docs", "images")).FullName;
using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    return await Shoot.RunAsync(folder, stop.Token) ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted. The fleet was stopped.");
    return 130;
}

void Stop(PosixSignalContext context)
{
    // The default action would end the process before the hosts and the control plane are taken down.
    context.Cancel = true;
    stop.Cancel();
}
