using System.Globalization;
using Ostler.Api;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;
using Spectre.Console;

namespace Ostler.Playground;

/// <summary>
/// The main job, end to end: an upgrade that works and one that does not, over real OSTree hosts and a real Kubernetes API. Every claim that it
/// prints at the end was checked, and its result is the exit code.
/// </summary>
internal sealed class Demo : IAsyncDisposable
{
    private readonly DemoOptions _options;
    private readonly Live _live;
    private readonly TestFleet _fleet;
    private readonly string _config;
    private readonly StepClock _clock = new(TimeProvider.System);
    private readonly Observatory _observatory;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _faults = [];
    private readonly Dictionary<string, string> _versions = [];
    private Task _watching = Task.CompletedTask;
    private FleetWitness? _witness;

    private Demo(DemoOptions options, Live live, TestFleet fleet, string config)
    {
        (_options, _live, _fleet, _config) = (options, live, fleet, config);
        _observatory = new Observatory(fleet.Api, _clock);
    }

    public static async Task<Demo> StartAsync(DemoOptions options, Live live, CancellationToken cancel)
    {
        live.Chapter($"{options.Nodes} nodes, each a real OSTree host; a real Kubernetes API; maxUnavailable {options.MaxUnavailable}");
        var config = ConfigFolder();
        var fleet = await TestFleet.StartAsync(
            new FleetOptions
            {
                Nodes = options.Nodes,
                ControllerProgram = Path.Combine(AppContext.BaseDirectory, "ostler-controller.dll"),
                AgentProgram = Path.Combine(AppContext.BaseDirectory, "ostler-agent.dll"),
                ConfigFolder = config,
                Progress = live.Say,
            },
            OsTree.Of("1.0"),
            Scene.Branch,
            cancel);
        return new Demo(options, live, fleet, config);
    }

    /// <summary>Plays the whole demo. False when anything was not as it should be; what, has been said.</summary>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        _watching = _observatory.RunAsync(_stop.Token);
        await _observatory.WaitForSyncAsync(cancel);
        _witness = await FleetWitness.StartAsync(_fleet, cancel);
        await _fleet.StartControllerAsync(cancel);
        _live.Say($"a Deployment of {Scene.Replicas} replicas and a PodDisruptionBudget of minAvailable {Scene.MinAvailable}");
        await Scene.ApplyWorkloadAsync(_fleet.Api, _fleet.Cluster.Capabilities.HasPolicyV1, cancel);
        await Expect("the workload is up and every agent reports", view =>
            _observatory.Disruptions.Ready == Scene.Replicas && view.Rows.All(r => r.Booted == "1.0"), TimeSpan.FromSeconds(60), cancel);
        _observatory.Disruptions.Arm();

        _live.Chapter("v2 is published; kubectl apply -f config/samples (with this repository's URL, soak 2s, health timeout 15s)");
        var second = await PublishAsync(OsTree.Of("2.0"), cancel);
        await Scene.ApplySamplesAsync(_fleet.Api, _config, _fleet.Lab.Repository.Url, _options.MaxUnavailable, "2.0", cancel);
        await Expect("every node runs 2.0, healthy and uncordoned", view => view.Policy?.Status is { } status
            && status.Target?.Digest == second && status.Conditions.IsTrue(ConditionTypes.Ready)
            && view.Rows.All(r => r is { Booted: "2.0", Cordoned: false, Ready: true }), TimeSpan.FromSeconds(30 + (20 * _options.Nodes)), cancel);

        _live.Chapter("v3 is published; kubelet.service fails in it");
        var third = await PublishAsync(OsTree.Of("3.0").Unhealthy("kubelet.service"), cancel);
        await Scene.ApplySamplesAsync(_fleet.Api, _config, _fleet.Lab.Repository.Url, _options.MaxUnavailable, "3.0", cancel);
        await Expect("rolled back, halted, in quarantine, nobody cordoned", view => view.Policy?.Status is { } status
            && status.Conditions.IsTrue(ConditionTypes.Halted)
            && view.Image?.Status?.Quarantined?.Any(q => q.Digest == third) == true
            && view.Rows.Any(r => r.Step == NodeStep.RolledBack)
            && view.Rows.All(r => r is { Booted: "2.0", Cordoned: false, Ready: true }), TimeSpan.FromSeconds(150), cancel);
        CheckUntouched(third);
        return await TellAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (_witness is not null)
        {
            await _witness.DisposeAsync();
        }

        await _fleet.DisposeAsync();
        _stop.Dispose();
    }

    private async Task<string> PublishAsync(OsTree tree, CancellationToken cancel)
    {
        var commit = await _fleet.Lab.Repository.CommitAsync(tree, cancel, Scene.Branch);
        _versions[commit.Checksum] = commit.Version;
        _live.Say($"{Scene.Branch} is now {commit.Checksum[..12]} ({commit.Version})");
        return commit.Checksum;
    }

    private async Task Expect(string what, Func<FleetView, bool> until, TimeSpan deadline, CancellationToken cancel)
    {
        if (!await _live.ShowUntilAsync(_observatory.View, until, _observatory.Changes, deadline, cancel))
        {
            _faults.Add($"not within {deadline.TotalSeconds:0} s: {what}");
            foreach (var line in File.ReadLines(_fleet.ControllerLog).TakeLast(40))
            {
                _live.Say("controller: " + line);
            }

            foreach (var host in _fleet.Lab.Hosts)
            {
                foreach (var line in _fleet.AgentLog(host.Name).Split('\n').TakeLast(15))
                {
                    _live.Say($"{host.Name}: {line}");
                }

                foreach (var call in host.StubCalls.TakeLast(8))
                {
                    _live.Say($"{host.Name} host call: {call}");
                }
            }

            throw new InvalidOperationException(_faults[^1]);
        }

        _live.Say("-> " + what);
    }

    /// <summary>At most maxUnavailable nodes can have been in flight when the first one failed; all others never left 2.0.</summary>
    private void CheckUntouched(string third)
    {
        var tried = _fleet.Lab.Hosts.Count(h => h.Boots.Any(b => b.Commit == third));
        var allowed = Math.Max(1, _options.MaxUnavailable.Of(_options.Nodes));
        if (tried < 1 || tried > allowed)
        {
            _faults.Add($"{tried} nodes booted 3.0; between 1 and {allowed} should have");
        }

        _live.Say(string.Create(CultureInfo.InvariantCulture, $"{tried} of {_options.Nodes} nodes booted 3.0; the others never left 2.0"));
    }

    private async Task<bool> TellAsync()
    {
        _live.Chapter("What happened");
        AnsiConsole.Write(Summary.Durations(_clock, _versions));
        var least = _observatory.Disruptions.Least;
        if (least < Scene.MinAvailable)
        {
            _faults.Add($"only {least} pods were ready at one time; the budget asks for {Scene.MinAvailable}");
        }

        _live.Say($"the workload never had fewer than {least} of {Scene.Replicas} pods ready (budget: {Scene.MinAvailable})");
        var undrained = await _witness!.FaultsAsync();
        _faults.AddRange(undrained);
        var allowed = Math.Max(1, _options.MaxUnavailable.Of(_options.Nodes));
        if (_witness.MostAway > allowed)
        {
            _faults.Add($"{_witness.MostAway} nodes were away at one time; {allowed} may be");
        }

        _live.Say($"machines that went down undrained: {undrained.Count}; away at one time, at the most: {_witness.MostAway} of {allowed} that may be");
        foreach (var fault in _faults)
        {
            _live.Say("NOT AS IT SHOULD BE: " + fault);
        }

        _live.Say(_faults.Count == 0 ? "Everything went as it should." : "The demo failed.");
        return _faults.Count == 0;
    }

    private static string ConfigFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "operator.sln")))
            {
                return Path.Combine(folder.FullName, "config");
            }
        }

        throw new InvalidOperationException("Run the demo from within the repository: it installs what config/ holds.");
    }
}
