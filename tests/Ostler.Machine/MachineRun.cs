using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Machine.Cluster;
using Ostler.Machine.Container;
using Ostler.Machine.Image;
using Ostler.Machine.Power;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;
using Ostler.Testing.Waiting;

namespace Ostler.Machine;

/// <summary>
/// One machine that really boots, in a cluster with a real control plane on this host; what happens in it is told as it happens, and what
/// is not as it should be is written down.
/// </summary>
internal sealed class MachineRun : IAsyncDisposable
{
    private readonly Timeline _timeline;
    private readonly string _config;
    private readonly string _logs;
    private readonly string _folder;
    private readonly TestCluster _cluster;
    private readonly ApiClient _api;
    private readonly RepositoryServer _repository;
    private readonly string _repositoryFolder;
    private readonly ClusterWatch _watch;
    private readonly CancellationTokenSource _stop = new();
    private readonly string _kubectl;
    private readonly List<string> _faults = [];
    private ControllerProcess? _controller;
    private Task _watching = Task.CompletedTask;

    private MachineRun(Timeline timeline, string config, string logs, string folder, TestCluster cluster, RepositoryServer repository, string repositoryFolder, string kubectl)
    {
        (_timeline, _config, _logs, _folder, _cluster, _repository, _repositoryFolder, _kubectl) = (timeline, config, logs, folder, cluster, repository, repositoryFolder, kubectl);
        _api = cluster.CreateApiClient();
        _watch = new ClusterWatch(_api, Scene.Node, Scene.Policy, Scene.Image, Say);
    }

    public VirtualMachine Machine { get; private set; } = null!;

    public IReadOnlyList<string> Faults => _faults;

    public ClusterView View => _watch.View();

    /// <summary>Brings everything up but the machine.</summary>
    /// <param name="root">The repository.</param>
    /// <param name="image">What the machine is installed from.</param>
    /// <param name="agentImage">The name of the agent's container image.</param>
    /// <param name="timeline">What happens is told by it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<MachineRun> StartAsync(string root, MachineImage image, string agentImage, Timeline timeline, CancellationToken cancellationToken)
    {
        void Say(string text) => Console.WriteLine(timeline.Line(text));
        var (kubectl, whyNot) = await KubernetesTools.FindKubectlAsync(cancellationToken);
        var logs = Path.Combine(root, "artifacts", "e2e-vm");
        if (Directory.Exists(logs))
        {
            Directory.Delete(logs, recursive: true);
        }

        Directory.CreateDirectory(logs);
        Say("starting etcd, kube-apiserver, kube-controller-manager and kube-scheduler on this host");
        var cluster = await TestCluster.StartAsync(
            new TestClusterOptions
            {
                Progress = Say,
                NodeLifecycle = new() { MonitorGracePeriod = TimeSpan.FromSeconds(20), StartupGracePeriod = TimeSpan.FromSeconds(60) },
            },
            cancellationToken);
        var folder = Directory.CreateTempSubdirectory("ostler-vm-").FullName;
        var repository = await RepositoryServer.StartAsync(image.Repository, new ImageRegistry(), cancellationToken);
        var run = new MachineRun(
            timeline, Path.Combine(root, "config"), logs, folder, cluster, repository, image.Repository, kubectl ?? throw new InvalidOperationException(whyNot));
        try
        {
            await run.InstallAsync(root, image, agentImage, cancellationToken);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public void Say(string text) => Console.WriteLine(_timeline.Line(text));

    public void Begin(string scenario)
    {
        _timeline.Begin(scenario);
        Console.WriteLine();
        Say("== " + scenario);
    }

    /// <summary>A claim: said when it holds, written down when it does not.</summary>
    public void Check(bool holds, string claim)
    {
        Say((holds ? "   ok: " : "   NOT SO: ") + claim);
        if (!holds)
        {
            _faults.Add(claim);
        }
    }

    /// <summary>
    /// Waits until something holds, and says each step of the node on the way. Objects of the cluster and lines on the machine's serial
    /// port are progress.
    /// </summary>
    /// <exception cref="NoProgressException">Nothing new happened any longer.</exception>
    public Task<ClusterView> ExpectAsync(string what, Func<ClusterView, bool> until, CancellationToken cancellationToken) => Wait.UntilAsync(
        what,
        () =>
        {
            var view = View;
            if (view.Step.Length > 0 && _timeline.Enter(view.Step))
            {
                Say($"{view.Step}{(view.OS?.Status?.LastError is { } error ? $" ({error.Reason}: {error.Message})" : "")}");
            }

            return view;
        },
        view =>
        {
            if (until(view))
            {
                Say("-> " + what);
                return true;
            }

            return _controller!.HasExited
                ? throw new InvalidOperationException("The controller has ended: " + File.ReadLines(Path.Combine(_logs, "controller.log")).LastOrDefault())
                : false;
        },
        view => view.Progress,
        () => Task.WhenAny(_watch.NextAsync(), _controller!.Ended),
        cancellationToken,
        Machine.Progress);

    /// <summary>Waits for something that the machine does.</summary>
    /// <exception cref="NoProgressException">Nothing new happened any longer.</exception>
    public async Task WaitAsync(string what, Task task, CancellationToken cancellationToken) =>
        await Wait.ForAsync(what, task.ContinueWith(static done => done.IsCompletedSuccessfully, cancellationToken, TaskContinuationOptions.None, TaskScheduler.Default), Machine.Progress, cancellationToken);

    // A boot in software emulation has long steps in which it says nothing.
    private ProgressWait Wait => new() { Patience = TimeSpan.FromMinutes(5), SignOfLife = TimeSpan.FromSeconds(30), Say = Say };

    /// <summary><c>kubectl apply</c>: the one way in which anything is asked for.</summary>
    public async Task ApplyAsync(string what, CancellationToken cancellationToken, params IReadOnlyList<JsonObject> objects)
    {
        var file = Path.Combine(_folder, "apply.json");
        var list = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray([.. objects.Select(o => (JsonNode)o.DeepClone())]) };
        await File.WriteAllTextAsync(file, list.ToJsonString(), cancellationToken);
        Say($"kubectl apply -f -   # {what}");
        (await KubectlAsync(cancellationToken, "apply", "-f", file)).EnsureSuccess();
    }

    /// <summary>The image, pointing at a release.</summary>
    public JsonObject ImageOf(string version) => Scene.ImageOf(Sample("osimage.yaml"), _repository.Address + "repo", version);

    public JsonObject Policy() => Scene.PolicyOf(Sample("upgradepolicy.yaml"));

    /// <summary>Lets the download of a release's largest file never end, until disposed of.</summary>
    /// <returns>What ends it, and a task that is done when the machine waits for it.</returns>
    public async Task<(IDisposable Fault, Task Reached)> StallDownloadAsync(string branch, CancellationToken cancellationToken)
    {
        var listed = (await HostCommand.RunAsync(["ostree", "--repo=" + _repositoryFolder, "ls", "--checksum", branch, "/usr/lib/machine/payload"], cancellationToken)).EnsureSuccess().Stdout;
        var checksum = listed.Split(' ', StringSplitOptions.RemoveEmptyEntries).Single(word => word.Length == 64 && word.All(char.IsAsciiHexDigitLower));
        var fault = _repository.Inject(RepositoryFault.Stall, null, checksum[2..]);
        return (fault, _repository.StalledAsync(null, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        if (Machine is not null)
        {
            await Machine.DisposeAsync();
        }

        await KeepEvidenceAsync();
        await _stop.CancelAsync();
        await _watching.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (_controller is not null)
        {
            await _controller.DisposeAsync();
        }

        _api.Dispose();
        await _repository.DisposeAsync();
        await _cluster.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Sample(string name) => File.ReadAllText(Path.Combine(_config, "samples", name));

    private Task<CommandResult> KubectlAsync(CancellationToken cancellationToken, params string[] words) =>
        HostCommand.RunAsync([_kubectl, "--kubeconfig", _cluster.KubeconfigPath, .. words], cancellationToken, new Dictionary<string, string> { ["HOME"] = _folder });

    private async Task InstallAsync(string root, MachineImage image, string agentImage, CancellationToken cancellationToken)
    {
        Say("installing the CRDs and the roles of config/");
        await Installation.ApplyAsync(_cluster, _api, _config, cancellationToken);
        var programs = Path.Combine(root, "artifacts", "publish");
        var kubeconfig = await _cluster.ServiceAccountKubeconfigAsync(Installation.Namespace, "ostler-controller", cancellationToken: cancellationToken);
        _controller = await ControllerProcess.StartAsync(Path.Combine(programs, "controller", "ostler-controller"), kubeconfig, "controller-1", Path.Combine(_logs, "controller.log"));
        _watching = _watch.RunAsync(_stop.Token);

        Say("the machine: a disk with Edge OS 1.0, and one with the agent's container, its service account's token, and a kubelet's certificate");
        var disk = Path.Combine(_folder, "disk.img");
        (await HostCommand.RunAsync(["cp", "--sparse=always", image.Disk, disk], cancellationToken)).EnsureSuccess();
        var access = new NodeAccess(
            Scene.Node,
            new UriBuilder(_cluster.Server) { Host = "10.96.0.1" }.Uri,
            _cluster.AuthorityPem,
            await _cluster.UserCertificateAsync("system:node:" + Scene.Node, ["system:nodes"], cancellationToken),
            Installation.Namespace,
            await _cluster.ServiceAccountTokenAsync(Installation.Namespace, "ostler-agent", cancellationToken: cancellationToken));
        var containers = await ContainerStorage.CreateAsync(root, agentImage, access, _folder, cancellationToken);
        Machine = new VirtualMachine(_folder, _logs, disk, containers, Say);
    }

    /// <summary>
    /// What a person would do at installation: name the remote, and the way to it, which goes through the host's loopback.
    /// </summary>
    public Task<string> AddRemoteAsync(CancellationToken cancellationToken) => Machine.AskAsync(
        string.Create(CultureInfo.InvariantCulture, $"ostree remote add --no-gpg-verify --set=proxy=http://10.96.0.1:{_repository.Address.Port} {Scene.Remote} {_repository.Address}repo"), cancellationToken);

    /// <summary>The machine's whole journal and the state of the cluster, beside what was written there all along.</summary>
    private async Task KeepEvidenceAsync()
    {
        // The evidence is worth a wait, but a cluster that no longer answers must not keep the machine from being taken down.
        using var timer = new ProgressTimer(TimeProvider.System, ProgressWait.DefaultPatience);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Expired);
        try
        {
            var state = await KubectlAsync(limit.Token, "get", "nodes,nodeoses,upgradepolicies,osimages,pods", "-A", "-o", "yaml");
            await File.WriteAllTextAsync(Path.Combine(_logs, "cluster.yaml"), state.Stdout + state.Stderr, limit.Token);
            if (Machine is not null)
            {
                await HostCommand.RunAsync(["debugfs", "-R", $"rdump /ostree/deploy/machine/var/log/journal {_logs}", Path.Combine(_folder, "disk.img")], limit.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or System.ComponentModel.Win32Exception)
        {
            Say($"not all of the evidence could be kept: {e.Message}");
        }
    }
}
