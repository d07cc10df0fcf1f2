using System.Text.Json.Nodes;
using Ostler.Api.NodeOSes;
using Ostler.Testing;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;
using Ostler.Testing.Waiting;
using Spectre.Console;

namespace Ostler.Playground;

/// <summary>
/// The main job, end to end: an upgrade that works and one that does not, over real OSTree hosts and a real Kubernetes API. Every claim
/// that it prints at the end was checked, and its result is the exit code.
/// </summary>
internal sealed class Demo : IAsyncDisposable
{
    private readonly DemoOptions _options;
    private readonly Live _live;
    private readonly TestFleet _fleet;
    private readonly string _config;
    private readonly DemoLogs _logs;
    private readonly StepClock _clock = new(TimeProvider.System);
    private readonly Observatory _observatory;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _faults = [];
    private readonly Dictionary<string, string> _versions = [];
    private Task _watching = Task.CompletedTask;
    private FleetWitness? _witness;
    private string? _image;

    private Demo(DemoOptions options, Live live, TestFleet fleet, string config)
    {
        (_options, _live, _fleet, _config) = (options, live, fleet, config);
        _logs = DemoLogs.Create(Path.GetDirectoryName(config)!);
        _observatory = new Observatory(fleet.Api, _clock);
    }

    public static async Task<Demo> StartAsync(DemoOptions options, Live live, CancellationToken cancellationToken)
    {
        var tool = options.Backend switch
        {
            HostTool.Bootc => ", updated from container images by a fake bootc",
            HostTool.RpmOstree => ", updated by a fake rpm-ostree",
            _ => "",
        };
        live.Chapter($"Start {options.Nodes} nodes: real OSTree hosts{tool}, a real Kubernetes API, maxUnavailable {options.MaxUnavailable}");
        var config = Repository.Config;
        var doing = "starting";
        using var busy = live.Busy(() => $"still {doing}");
        var fleet = await TestFleet.StartAsync(
            new FleetOptions
            {
                Nodes = options.Nodes,
                Tool = options.Backend,
                ControllerProgram = Path.Combine(AppContext.BaseDirectory, "ostler-controller.dll"),
                AgentProgram = Path.Combine(AppContext.BaseDirectory, "ostler-agent.dll"),
                ConfigFolder = config,
                // So that the scenario of a gate may name the Alertmanager that it starts.
                ControllerArguments = ["--alertmanager-allow-other-urls"],
                ServeConsole = true,
                Progress = line =>
                {
                    doing = line;
                    live.Say(line);
                },
            },
            OsTree.Of("1.0"),
            Scene.Branch,
            cancellationToken);
        return new Demo(options, live, fleet, config);
    }

    /// <summary>Plays the whole demo. False when anything was not as it should be; what, has been said.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        if (_options.Keep)
        {
            _live.Say($"kubectl: export KUBECONFIG={_fleet.Cluster.KubeconfigPath}");
        }

        if (_options.Kubeconfig is { } copy)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(copy))!);
            File.Copy(_fleet.Cluster.KubeconfigPath, copy, overwrite: true);
        }

        var good = false;
        try
        {
            await PlayAsync(cancellationToken);
            good = await ReportAsync();
        }
        catch (NoProgressException stuck)
        {
            ReportFailure($"{stuck.Message}.");
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            // The trace is for whoever maintains the demo, and is with the logs.
            await File.WriteAllTextAsync(Path.Combine(_logs.Folder, "exception.txt"), broken.ToString(), CancellationToken.None);
            ReportFailure(broken is InvalidOperationException ? broken.Message : $"{broken.Message} ({broken.GetType().Name})");
        }

        if (_options.Keep)
        {
            _live.Say($"The fleet stays up until Ctrl-C. Console: {_fleet.ConsoleAddress}  kubectl: export KUBECONFIG={_fleet.Cluster.KubeconfigPath}");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return good;
    }

    private async Task PlayAsync(CancellationToken cancellationToken)
    {
        _watching = _observatory.RunAsync(_stop.Token);
        await _observatory.WaitForSyncAsync(cancellationToken);
        _witness = await FleetWitness.StartAsync(_fleet, cancellationToken);
        var began = TimeProvider.System.GetTimestamp();
        await _fleet.StartControllerAsync(cancellationToken);
        _live.Say($"console: {_fleet.ConsoleAddress}");
        _live.Say($"creating a Deployment with {Scene.Replicas} replicas and a PodDisruptionBudget with minAvailable {Scene.MinAvailable}");
        await Scene.ApplyWorkloadAsync(_fleet.Api, _fleet.Cluster.Capabilities.HasPolicyV1, cancellationToken);
        await Expect("the workload is up, and every agent reports", view =>
            _observatory.Disruptions.Ready == Scene.Replicas && view.Rows.All(r => r.Booted == "1.0"), cancellationToken);
        FirstReports = TimeProvider.System.GetElapsedTime(began);
        _observatory.Disruptions.Arm();
        await Scenarios.All[_options.Scenario](this, cancellationToken);
    }

    /// <summary>How long controller, agents and workload took to come up: what this machine needs for a thing of that size.</summary>
    public TimeSpan FirstReports { get; private set; }

    /// <summary>The timeouts of the policy: generous where nodes become healthy.</summary>
    public SceneTimeouts Timeouts { get; private set; } = new(Reboot: TimeSpan.FromMinutes(10), Health: TimeSpan.FromMinutes(2));

    /// <summary>For a release that does not become healthy: several times what the slowest node needed for one that did.</summary>
    public void MeasureTimeouts() => Timeouts = new(
        Reboot: Within(5 * _clock.Longest(NodeStep.Rebooting), TimeSpan.FromSeconds(60), Timeouts.Reboot),
        Health: Within(3 * _clock.Longest(NodeStep.Verifying), TimeSpan.FromSeconds(15), Timeouts.Health));

    private static TimeSpan Within(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;

    /// <summary>The fleet, for what a scenario does to it.</summary>
    public TestFleet Fleet => _fleet;

    public DemoOptions Options => _options;

    public void Chapter(string title) => _live.Chapter(title);

    public void Say(string line) => _live.Say(line);

    /// <summary>Writes down that something was not as it should be.</summary>
    public void Fault(string what)
    {
        lock (_faults)
        {
            _faults.Add(what);
        }
    }

    /// <summary>Applies config/samples for a version, with what the scenario changes in the policy's spec.</summary>
    public Task ApplyAsync(string version, Action<JsonObject>? change, CancellationToken cancellationToken) => Scene.ApplySamplesAsync(
        _fleet.Api, _config, Source, _options.MaxUnavailable, version, Timeouts, change ?? (static _ => { }), cancellationToken);

    /// <summary>Where the hosts' trees come from: what the sample has another address for.</summary>
    private JsonObject Source => _options.Backend == HostTool.Bootc
        ? new JsonObject { ["container"] = new JsonObject { ["image"] = $"{_image}:stable", ["plainHttp"] = true } }
        : new JsonObject { ["ostree"] = new JsonObject { ["url"] = _fleet.Lab.Repository.Url, ["gpgVerify"] = false } };

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

    /// <summary>Commits a tree, so that the branch points at it.</summary>
    public async Task<string> PublishAsync(OsTree tree, CancellationToken cancellationToken)
    {
        var commit = await _fleet.Lab.Repository.CommitAsync(tree, cancellationToken, Scene.Branch);
        if (_options.Backend == HostTool.Bootc)
        {
            var image = _fleet.Lab.Repository.PublishImage(commit);
            (_image, _versions[image.Digest]) = (image.Repository, image.Version);
            _live.Say($"{image.Repository}:stable is now {image.Digest[..19]} ({image.Version})");
            return image.Digest;
        }

        _versions[commit.Checksum] = commit.Version;
        _live.Say($"{Scene.Branch} is now {commit.Checksum[..12]} ({commit.Version})");
        return commit.Checksum;
    }

    /// <summary>Shows what happens until something holds, for as long as there is progress.</summary>
    /// <exception cref="NoProgressException">It does not hold, and nothing new happened any longer.</exception>
    public async Task Expect(string what, Func<FleetView, bool> until, CancellationToken cancellationToken)
    {
        // While a node is given time to become healthy, nothing need change.
        var patience = ProgressWait.DefaultPatience + Timeouts.Reboot + Timeouts.Health;
        bool IsOver(FleetView view) => until(view) || HasLostController();
        await _live.ShowUntilAsync(what, _observatory.View, IsOver, _observatory.Changes, patience, cancellationToken);
        if (HasLostController())
        {
            throw new InvalidOperationException("The controller ended. Its log says why.");
        }

        _live.Say("-> " + what);
    }

    // No scenario ends it: without it nothing would happen any longer, and there is nothing to wait for.
    private bool HasLostController() => _fleet.Controller is { HasExited: true };

    private void ReportFailure(string sentence)
    {
        _logs.Collect(_fleet);
        _live.Say($"The demo failed: {sentence}");
        _live.Say($"Logs of the controller, the agents and the control plane: {_logs.Folder}");
    }

    private async Task<bool> ReportAsync()
    {
        _live.Chapter("Result");
        AnsiConsole.Write(Summary.Durations(_clock, _versions));
        var least = _observatory.Disruptions.Least;
        if (least < Scene.MinAvailable)
        {
            _faults.Add($"At one time only {least} pods were Ready; the budget requires {Scene.MinAvailable}.");
        }

        _live.Say($"Fewest Ready pods of the workload: {least} of {Scene.Replicas}; the budget requires {Scene.MinAvailable}.");
        var undrained = await _witness!.FaultsAsync();
        _faults.AddRange(undrained);
        var allowed = Math.Max(1, _options.MaxUnavailable.Of(_options.Nodes));
        if (_witness.MostAway > allowed)
        {
            _faults.Add($"At one time {_witness.MostAway} nodes were unavailable; {allowed} may be.");
        }

        _live.Say($"Most nodes unavailable at one time: {_witness.MostAway}; maxUnavailable allows {allowed}. Nodes rebooted without a drain: {undrained.Count}.");
        foreach (var fault in _faults)
        {
            _live.Say("FAILED: " + fault);
        }

        if (_faults.Count == 0)
        {
            _live.Say("Success: every claim holds.");
        }
        else
        {
            ReportFailure($"{_faults.Count} claims do not hold. See the lines above.");
        }

        return _faults.Count == 0;
    }
}
