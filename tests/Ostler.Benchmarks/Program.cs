using System.Runtime.InteropServices;
using Ostler.Benchmarks.Agents;
using Ostler.Benchmarks.Controllers;
using Ostler.Benchmarks.Harness;
using Ostler.Benchmarks.Planner;
using Ostler.Benchmarks.Rollout;
using Ostler.Testing;
using Spectre.Console;

IBenchmark[] all = [new PlannerBenchmark(), new SimulationBenchmark(), new RolloutBenchmark(), new AgentBenchmark(), new ControllerBenchmark()];
var chosen = args.Length == 0 ? all : [.. all.Where(b => args.Contains(b.Name))];
if (args.FirstOrDefault(name => all.All(b => b.Name != name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark {unknown}. Usage: make bench [ONLY=\"{string.Join(' ', all.Select(b => b.Name))}\"]");
    foreach (var benchmark in all)
    {
        Console.Error.WriteLine($"  {benchmark.Name,-10} {benchmark.Summary}");
    }

    return 2;
}

if (Console.IsOutputRedirected)
{
    // A log is not 80 characters wide.
    AnsiConsole.Profile.Width = 200;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var report = new Report(Path.Combine(Repository.Root, "artifacts/bench"), TimeProvider.System);
var figures = new List<(string, Figure)>();
var broken = 0;
foreach (var benchmark in chosen)
{
    try
    {
        Say($"{benchmark.Name}: {benchmark.Summary}");
        var measured = await benchmark.RunAsync(line => Say($"{benchmark.Name}: {line}"), stop.Token);
        await report.SaveAsync(benchmark.Name, measured, stop.Token);
        figures.AddRange(measured.Select(f => (benchmark.Name, f)));
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 130;
    }
    catch (Exception failure)
    {
        // The others are measured all the same.
        Say($"{benchmark.Name}: NOT MEASURED: {failure}");
        broken++;
    }
}

Report.Show(figures);
Say($"{figures.Count(f => f.Item2.Met == true)} met, {figures.Count(f => f.Item2.Met == false)} missed; one line of JSON each in artifacts/bench");

// A figure that is missed is told, and is no failure: how fast a machine is, no test may depend on. One that could not be measured is.
return broken == 0 ? 0 : 1;

static void Say(string line) => Console.WriteLine(line);

void Stop(PosixSignalContext context)
{
    // The default action would end the process before the control plane is taken down.
    context.Cancel = true;
    stop.Cancel();
}
