using System.Globalization;

namespace Ostler.Testing.ControlPlane;

/// <summary>Where one control plane listens and keeps its files.</summary>
internal sealed record ControlPlaneLayout
{
    public required RunFolder Folder { get; init; }

    public required int EtcdClientPort { get; init; }

    public required int EtcdPeerPort { get; init; }

    public required int ApiServerPort { get; init; }

    public required int ControllerManagerPort { get; init; }

    public required int SchedulerPort { get; init; }

    public Uri EtcdClient => Local("http", EtcdClientPort);

    public Uri EtcdPeer => Local("http", EtcdPeerPort);

    public Uri ApiServer => Local("https", ApiServerPort);

    public static string CertificateFile(string name) => $"pki/{name}.crt";

    public static string KeyFile(string name) => $"pki/{name}.key";

    public static string KubeconfigFile(string name) => $"kubeconfig/{name}";

    private static Uri Local(string scheme, int port) => new(string.Create(CultureInfo.InvariantCulture, $"{scheme}://127.0.0.1:{port}"));
}

/// <summary>The command lines of the components, right for every version from 1.20 to 1.36. Pure.</summary>
internal static class ControlPlaneArguments
{
    public const string ServiceRange = "10.96.0.0/16";

    /// <summary>The first address of <see cref="ServiceRange"/>: the API server as pods see it.</summary>
    public const string KubernetesServiceAddress = "10.96.0.1";

    public static IEnumerable<string> Etcd(ControlPlaneLayout at) =>
    [
        $"--name=etcd",
        $"--data-dir={at.Folder.PathOf("etcd")}",
        $"--listen-client-urls={Origin(at.EtcdClient)}",
        $"--advertise-client-urls={Origin(at.EtcdClient)}",
        $"--listen-peer-urls={Origin(at.EtcdPeer)}",
        $"--initial-advertise-peer-urls={Origin(at.EtcdPeer)}",
        $"--initial-cluster=etcd={Origin(at.EtcdPeer)}",
        "--log-level=warn",
        "--logger=zap",
    ];

    public static IEnumerable<string> ApiServer(ControlPlaneLayout at, TestClusterOptions options)
    {
        var toleration = Seconds(options.NodeLifecycle.PodToleration);
        List<string> arguments =
        [
            $"--etcd-servers={Origin(at.EtcdClient)}",
            "--bind-address=127.0.0.1",

            // Given, or the server looks for an outward interface and fails on a machine that has none.
            "--advertise-address=127.0.0.1",

            // A loopback address is not a valid endpoint of the "kubernetes" service; nobody here needs that service.
            "--endpoint-reconciler-type=none",
            Flag("secure-port", at.ApiServerPort),
            $"--service-cluster-ip-range={ServiceRange}",
            Certificate(at, "tls-cert-file", "apiserver"),
            Key(at, "tls-private-key-file", "apiserver"),
            Certificate(at, "client-ca-file", "ca"),
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",

            // The issuer, and so tokens on request: optional before 1.20, required since.
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            $"--service-account-key-file={at.Folder.PathOf("pki/sa.pub")}",
            Key(at, "service-account-signing-key-file", "sa"),
            $"--default-not-ready-toleration-seconds={toleration}",
            $"--default-unreachable-toleration-seconds={toleration}",
            "--profiling=false",
        ];
        if (!options.Wants(ControlPlaneComponents.ControllerManager))
        {
            // Nothing makes the "default" service account of a namespace, without which this plugin refuses every pod.
            arguments.Add("--disable-admission-plugins=ServiceAccount");
        }

        return [.. arguments, .. options.ApiServerArguments];
    }

    public static IEnumerable<string> ControllerManager(ControlPlaneLayout at, KubernetesVersion version, TestClusterOptions options) =>
    [
        .. Client(at, "controller-manager", at.ControllerManagerPort, version),
        Key(at, "service-account-private-key-file", "sa"),
        Certificate(at, "root-ca-file", "ca"),
        Certificate(at, "cluster-signing-cert-file", "ca"),
        Key(at, "cluster-signing-key-file", "ca"),
        $"--node-monitor-period={Duration(options.NodeLifecycle.MonitorPeriod)}",
        $"--node-monitor-grace-period={Duration(options.NodeLifecycle.MonitorGracePeriod)}",
        $"--node-startup-grace-period={Duration(options.NodeLifecycle.StartupGracePeriod)}",

        // The defaults, 20 and 30, are for one control plane among many clients; here they are what a large rollout would wait for.
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        .. options.ControllerManagerArguments,
    ];

    public static IEnumerable<string> Scheduler(ControlPlaneLayout at, KubernetesVersion version, TestClusterOptions options) =>
    [
        .. Client(at, "scheduler", at.SchedulerPort, version),
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        .. options.SchedulerArguments,
    ];

    private static List<string> Client(ControlPlaneLayout at, string name, int port, KubernetesVersion version)
    {
        var kubeconfig = at.Folder.PathOf(ControlPlaneLayout.KubeconfigFile(name));
        List<string> arguments =
        [
            $"--kubeconfig={kubeconfig}",
            $"--authentication-kubeconfig={kubeconfig}",
            $"--authorization-kubeconfig={kubeconfig}",

            // One instance: an election would only delay the start, and a lost lease would end the process.
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            Flag("secure-port", port),

            // The API server's certificate serves these too: all are 127.0.0.1, and their health can be asked over verified TLS.
            Certificate(at, "tls-cert-file", "apiserver"),
            Key(at, "tls-private-key-file", "apiserver"),
            "--profiling=false",
        ];
        if (!version.IsAtLeast(1, 23))
        {
            // Up to 1.22 a second, unprotected port is open on all interfaces, the same for everybody: two control planes
            // on one machine would collide. The flag does nothing in 1.23 and is an error from 1.24 on.
            arguments.Add("--port=0");
        }

        return arguments;
    }

    private static string Certificate(ControlPlaneLayout at, string flag, string name) =>
        $"--{flag}={at.Folder.PathOf(ControlPlaneLayout.CertificateFile(name))}";

    private static string Key(ControlPlaneLayout at, string flag, string name) =>
        $"--{flag}={at.Folder.PathOf(ControlPlaneLayout.KeyFile(name))}";

    private static string Origin(Uri uri) => uri.GetLeftPart(UriPartial.Authority);

    private static string Flag(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");

    private static string Seconds(TimeSpan time) => ((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalMilliseconds}ms");
}
