using System.Globalization;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using Testcontainers.K3s;

namespace Ostler.Testing.ControlPlane;

/// <summary>k3s in a container, where a Docker engine answers.</summary>
internal sealed class K3sSource : IClusterSource
{
    /// <summary>Replaces the image, for another version or a mirror.</summary>
    public const string ImageVariable = "OSTLER_TEST_K3S_IMAGE";

    private const string Image = "rancher/k3s:v1.36.2-k3s1";

    private static readonly TimeSpan PullTimeout = TimeSpan.FromMinutes(5);

    public string Name => "k3s in Docker";

    public async Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken)
    {
        if (await DockerEngine.ProbeAsync(request.Environment, cancellationToken).ConfigureAwait(false) is { } whyNot)
        {
            return SourceAnswer.No(whyNot);
        }

        var image = request.Environment(ImageVariable) is { Length: > 0 } other ? other : Image;
        return SourceAnswer.Cluster(
            $"{image} in Docker",
            async (_, token) => await StartAsync(image, request.Options, token).ConfigureAwait(false));
    }

    private static async Task<IRunningCluster> StartAsync(string image, TestClusterOptions options, CancellationToken cancellationToken)
    {
        options.Progress($"starting {image}");
        var container = new K3sBuilder(image)
            .WithCommand(new OverwriteEnumerable<string>(Arguments(options)))
            .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("k3s is up and running"))
            .Build();
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(PullTimeout + options.StartPatience);
            await container.StartAsync(deadline.Token).ConfigureAwait(false);
            return new K3sCluster(container, await container.GetKubeconfigAsync().ConfigureAwait(false));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var (output, errors) = await LogsAsync(container).ConfigureAwait(false);
            await container.DisposeAsync().ConfigureAwait(false);
            throw new ClusterStartException($"{image} did not start: {e.Message}\n{output}\n{errors}", e);
        }
    }

    private static IEnumerable<string> Arguments(TestClusterOptions options)
    {
        yield return "server";

        // No kubelet: the nodes are simulated, and a real one would take their pods.
        yield return "--disable-agent";
        yield return "--disable-cloud-controller";
        yield return "--disable-network-policy";
        yield return "--disable=traefik,coredns,servicelb,local-storage,metrics-server";
        foreach (var argument in (string[])
        [
            $"node-monitor-period={Duration(options.NodeLifecycle.MonitorPeriod)}",
            $"node-monitor-grace-period={Duration(options.NodeLifecycle.MonitorGracePeriod)}",
            $"node-startup-grace-period={Duration(options.NodeLifecycle.StartupGracePeriod)}",
            "kube-api-qps=300",
            "kube-api-burst=600",
            .. Stripped(options.ControllerManagerArguments),
        ])
        {
            yield return $"--kube-controller-manager-arg={argument}";
        }

        var toleration = ((long)options.NodeLifecycle.PodToleration.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        foreach (var argument in (string[])
        [
            $"default-not-ready-toleration-seconds={toleration}",
            $"default-unreachable-toleration-seconds={toleration}",
            .. Stripped(options.ApiServerArguments),
        ])
        {
            yield return $"--kube-apiserver-arg={argument}";
        }

        foreach (var argument in Stripped(options.SchedulerArguments))
        {
            yield return $"--kube-scheduler-arg={argument}";
        }

        if (!options.Wants(ControlPlaneComponents.Scheduler))
        {
            yield return "--disable-scheduler";
        }

        if (!options.Wants(ControlPlaneComponents.ControllerManager))
        {
            yield return "--disable-controller-manager";
            yield return "--kube-apiserver-arg=disable-admission-plugins=ServiceAccount";
        }
    }

    private static IEnumerable<string> Stripped(IEnumerable<string> flags) => flags.Select(f => f.TrimStart('-'));

    private static string Duration(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds}ms");

    private static async Task<(string Output, string Errors)> LogsAsync(K3sContainer container)
    {
        try
        {
            return await container.GetLogsAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The container may never have come to be; the first error is the one to report.
            return ("", $"(no logs: {e.Message})");
        }
    }

    private sealed class K3sCluster(K3sContainer container, string kubeconfig) : IRunningCluster
    {
        public string AdminKubeconfig => kubeconfig;

        /// <summary>k3s is one process, API server and controllers together, and Docker gives a restarted container another port.</summary>
        public bool CanRestartApiServer => false;

        public CertificateAuthority? Authority => null;

        public Task StopApiServerAsync(bool graceful, CancellationToken cancellationToken) => throw new NotSupportedException(
            "The API server of k3s cannot be stopped alone; check Capabilities.CanRestartApiServer first.");

        public Task StartApiServerAsync(CancellationToken cancellationToken) => StopApiServerAsync(false, cancellationToken);

        public ValueTask DisposeAsync() => container.DisposeAsync();
    }
}
