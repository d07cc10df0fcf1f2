using System.Globalization;
using System.Runtime.InteropServices;
using Ostler.Machine;
using Ostler.Machine.Image;
using Ostler.Testing.Documentation;

if (MachineImage.WhyNot() is { } missing)
{
    Console.Error.WriteLine(missing);
    return 2;
}

var only = Environment.GetEnvironmentVariable("ONLY") is { Length: > 0 } chosen ? chosen.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [.. Scenarios.All.Keys];
if (only.FirstOrDefault(name => !Scenarios.All.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"No scenario {unknown}. ONLY=\"{string.Join(' ', Scenarios.All.Keys)}\" chooses; default: all.");
    return 2;
}

if (Environment.GetEnvironmentVariable("AGENT_IMAGE") is not { Length: > 0 } agentImage)
{
    Console.Error.WriteLine("AGENT_IMAGE names the agent's image on this machine: make e2e-vm builds one and says which.");
    return 2;
}

using var stop = new CancellationTokenSource();
var interrupted = false;
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var timeline = new Timeline(TimeProvider.System);
MachineRun? run = null;
var failure = "";
try
{
    var image = await MachineImage.PrepareAsync(line => Console.WriteLine(timeline.Line(line)), stop.Token);
    run = await MachineRun.StartAsync(Documents.Root, image, agentImage, timeline, stop.Token);
    await Scenarios.PlayAsync(run, only, stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    failure = "interrupted";
}
catch (Exception broken)
{
    failure = broken is TimeoutException ? broken.Message : broken.ToString();
}

timeline.End();
if (run is not null)
{
    await run.DisposeAsync();
}

string[] faults = [.. run?.Faults ?? [], .. failure.Length > 0 ? [failure] : Array.Empty<string>()];
Console.WriteLine();
Console.WriteLine("How long the node was in which step:");
Console.Write(timeline.Table());
foreach (var fault in faults)
{
    Console.WriteLine("NOT AS IT SHOULD BE: " + fault);
}

Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{(faults.Length == 0 ? "Everything went as it should" : "It failed")}, after {timeline.Elapsed.TotalSeconds:0} s. Serial ports, journals, the controller's log and the cluster's state are in artifacts/e2e-vm."));
return faults.Length == 0 ? 0 : interrupted ? 130 : 1;

void Stop(PosixSignalContext context)
{
    // The default action would end the process before the machine and the control plane are taken down.
    context.Cancel = true;
    interrupted = true;
    stop.Cancel();
}
