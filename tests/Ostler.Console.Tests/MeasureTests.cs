using System.Diagnostics;
using System.Globalization;
using Ostler.Api.NodeOSes;
using Ostler.Console.Tests.Support;
using Ostler.Kubernetes.Core;
using Ostler.Testing.Fleet;

namespace Ostler.Console.Tests;

/// <summary>Figures, when asked for by <c>-explicit only</c>; OSTLER_CONTROLLER names the native controller, for its memory.</summary>
public sealed class MeasureTests(Chromium chromium)
{
    private const int Nodes = 2000;
    private const string AllShown = "n => document.querySelectorAll('.cell').length === n ? performance.now() : 0";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task How_soon_two_thousand_nodes_are_seen_and_a_change_of_one()
    {
        await using var fleet = await ConsoleFleet.StartAsync(Nodes, Cancel);
        for (var visitor = 1; visitor <= 3; visitor++)
        {
            await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
            var shown = await (await visit.Page.WaitForFunctionAsync(AllShown, Nodes)).JsonValueAsync<double>();
            var paint = await visit.Page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1");
            var latencies = new List<double>();
            for (var i = 0; i < 10; i++)
            {
                var (_, os) = ConsoleFleet.Machine(1, Nodes, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());
                var step = i % 2 == 0 ? NodeStep.Failed : NodeStep.Rebooting;
                var watch = Stopwatch.StartNew();
                fleet.Api.Put(OstlerResources.NodeOSes, os with { Status = os.Status! with { Step = step } });
                await visit.Page.WaitForFunctionAsync("s => document.querySelector('[data-node=node-1]').dataset.step === s", step.ToString());
                latencies.Add(watch.Elapsed.TotalMilliseconds);
            }

            latencies.Sort();
            Tell($"visitor {visitor}: first paint {paint:0} ms, all {Nodes} nodes shown {shown:0} ms after the navigation, a change seen after {latencies[4]:0} ms (median of 10; most {latencies[^1]:0} ms)");
        }

        using var http = new HttpClient { BaseAddress = fleet.Address };
        using var response = await http.GetAsync(new Uri("api/fleet", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        await reader.ReadLineAsync(Cancel);
        Tell($"the first event of {Nodes} nodes has {(await reader.ReadLineAsync(Cancel))!.Length / 1024} KiB");
    }

    [Fact(Explicit = true)]
    public async Task How_much_memory_the_controller_takes_for_it()
    {
        var program = Environment.GetEnvironmentVariable("OSTLER_CONTROLLER");
        Assert.SkipWhen(string.IsNullOrEmpty(program), "OSTLER_CONTROLLER names no program.");
        await using var fleet = await ConsoleFleet.StartAsync(Nodes, Cancel);
        var folder = Directory.CreateTempSubdirectory("ostler-measure-");
        var kubeconfig = Path.Combine(folder.FullName, "kubeconfig");
        await File.WriteAllTextAsync(
            kubeconfig,
            $"{{apiVersion: v1, kind: Config, current-context: a, clusters: [{{name: a, cluster: {{server: '{fleet.Api.Server.Address}'}}}}], users: [{{name: a, user: {{token: x}}}}], contexts: [{{name: a, context: {{cluster: a, user: a}}}}]}}",
            Cancel);

        // A standby, which holds nothing else: there are no leases to be had.
        const string Address = "127.0.0.1:18082";
        await using var controller = await ControllerProcess.StartAsync(program!, kubeconfig, "measured", Path.Combine(folder.FullName, "log"), $"--console-address={Address}", "--log-level=Warning");
        await ReachableAsync(new($"http://{Address}/"));
        Tell($"standby, nobody looks: {Resident(controller.ProcessId)} MiB");
        var visits = new List<Visit>();
        foreach (var pages in (int[])[1, 10])
        {
            while (visits.Count < pages)
            {
                visits.Add(await Visit.OpenAsync(chromium, new($"http://{Address}/")));
                await visits[^1].Page.WaitForFunctionAsync(AllShown, Nodes);
            }

            for (var i = 1; i <= 200; i++)
            {
                var (_, os) = ConsoleFleet.Machine(i, Nodes, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());
                fleet.Api.Put(OstlerResources.NodeOSes, os with { Status = os.Status! with { Step = pages == 1 ? NodeStep.Failed : NodeStep.Idle, Booted = new() { Digest = ConsoleFleet.OldDigest } } });
            }

            await visits[^1].Page.WaitForFunctionAsync("s => document.querySelector('[data-node=node-200]').dataset.step === s", pages == 1 ? "Failed" : "Idle");
            Tell($"{pages} pages open on {Nodes} nodes, after 200 changes: {Resident(controller.ProcessId)} MiB");
        }

        foreach (var visit in visits)
        {
            await visit.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }

    private static async Task ReachableAsync(Uri address)
    {
        using var http = new HttpClient();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                await http.GetStringAsync(address, Cancel);
                return;
            }
            catch (HttpRequestException)
            {
                await tick.WaitForNextTickAsync(Cancel);
            }
        }
    }

    private static string Resident(int process) => (double.Parse(
        File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024)
        .ToString("0.0", CultureInfo.InvariantCulture);

    private static void Tell(FormattableString figure) => TestContext.Current.TestOutputHelper!.WriteLine(figure.ToString(CultureInfo.InvariantCulture));
}
