using System.Text.Json.Nodes;

namespace Ostler.Machine.Container;

/// <summary>
/// What a kubelet and containerd make of a pod, for the pod of the agent's DaemonSet: the configuration of an OCI bundle, made from the
/// manifest itself so that it cannot drift.
/// </summary>
/// <remarks>
/// As containerd does it for a privileged container: all capabilities, no seccomp, no AppArmor, /sys and cgroups writable, nothing masked,
/// all devices allowed. Pure.
/// </remarks>
internal static class ContainerBundle
{
    /// <summary>Where a kubelet mounts the service account of a pod.</summary>
    public const string ServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    private static readonly string[] Capabilities =
    [
        "CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE", "CAP_BLOCK_SUSPEND", "CAP_BPF", "CAP_CHECKPOINT_RESTORE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
        "CAP_FOWNER", "CAP_FSETID", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_KILL", "CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_MKNOD",
        "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_PERFMON", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYSLOG",
        "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_MODULE", "CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_WAKE_ALARM",
    ];

    /// <param name="daemonSet">config/agent/daemonset.yaml.</param>
    /// <param name="entrypoint">What the image runs.</param>
    /// <param name="nodeName">The node that the pod was bound to.</param>
    /// <param name="apiServer">Where the cluster's own variables say that the API server is.</param>
    /// <param name="serviceAccount">A folder on the node with token, ca.crt and namespace.</param>
    /// <returns>config.json.</returns>
    /// <exception cref="NotSupportedException">The manifest has something that is not known here: what it would do must not be left out
    /// without a word.</exception>
    public static JsonObject From(JsonObject daemonSet, string entrypoint, string nodeName, Uri apiServer, string serviceAccount)
    {
        var pod = daemonSet["spec"]!["template"]!["spec"]!.AsObject();
        KnowsOnly("the pod", pod, "serviceAccountName", "priorityClassName", "terminationGracePeriodSeconds", "nodeSelector", "affinity", "tolerations", "hostPID", "hostNetwork", "dnsPolicy", "containers");
        var container = pod["containers"]!.AsArray().Single()!.AsObject();
        KnowsOnly("the container", container, "name", "image", "imagePullPolicy", "env", "securityContext", "resources");
        var security = container["securityContext"]!.AsObject();
        KnowsOnly("its securityContext", security, "privileged", "runAsUser", "readOnlyRootFilesystem");
        var privileged = Is(security, "privileged");
        if (!privileged)
        {
            throw new NotSupportedException("The agent is not privileged any more: say here what its container gets instead.");
        }

        var environment = new List<string>
        {
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            $"KUBERNETES_SERVICE_HOST={apiServer.Host}",
            $"KUBERNETES_SERVICE_PORT={apiServer.Port}",
        };
        environment.AddRange((container["env"]?.AsArray() ?? []).Select(variable => $"{variable!["name"]}={Value(variable.AsObject(), nodeName)}"));
        var user = (long?)security["runAsUser"] ?? 0;

        // Those that the pod shares with its host are left out. The network of the host goes with its hostname.
        string?[] namespaces = ["mount", "ipc", "cgroup", Is(pod, "hostPID") ? null : "pid", Is(pod, "hostNetwork") ? null : "network", Is(pod, "hostNetwork") ? null : "uts"];
        return new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = new JsonObject
            {
                ["terminal"] = false,
                ["user"] = new JsonObject { ["uid"] = user, ["gid"] = user },
                ["args"] = Array([entrypoint]),
                ["env"] = Array(environment),
                ["cwd"] = "/",
                ["capabilities"] = new JsonObject { ["bounding"] = Array(Capabilities), ["effective"] = Array(Capabilities), ["permitted"] = Array(Capabilities), ["inheritable"] = Array(Capabilities) },
                ["noNewPrivileges"] = false,
            },
            ["root"] = new JsonObject { ["path"] = "rootfs", ["readonly"] = Is(security, "readOnlyRootFilesystem") },
            ["mounts"] = new JsonArray(
                Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
                Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
                Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
                Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
                Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "rw"),
                Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "rw"),
                Mount(ServiceAccountFolder, "bind", serviceAccount, "rbind", "rprivate", "ro")),
            ["linux"] = new JsonObject
            {
                ["namespaces"] = new JsonArray([.. namespaces.OfType<string>().Select(name => (JsonNode)new JsonObject { ["type"] = name })]),
                ["resources"] = new JsonObject { ["devices"] = new JsonArray(new JsonObject { ["allow"] = true, ["access"] = "rwm" }) },
                ["cgroupsPath"] = "/kubepods/burstable/" + (string?)container["name"],
            },
        };
    }

    private static string? Value(JsonObject variable, string nodeName) => variable switch
    {
        _ when variable["value"] is { } value => (string?)value,
        _ when (string?)variable["valueFrom"]?["fieldRef"]?["fieldPath"] == "spec.nodeName" => nodeName,
        _ => throw new NotSupportedException($"The variable {variable["name"]} comes from something that is not known here."),
    };

    private static void KnowsOnly(string what, JsonObject part, params string[] known)
    {
        if (part.Select(p => p.Key).Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw new NotSupportedException($"{what} of the agent's DaemonSet has {unknown}, which the machine's container has no part for.");
        }
    }

    private static bool Is(JsonObject part, string name) => (bool?)part[name] == true;

    private static JsonObject Mount(string destination, string type, string source, params string[] options) =>
        new() { ["destination"] = destination, ["type"] = type, ["source"] = source, ["options"] = Array(options) };

    private static JsonArray Array(IEnumerable<string> words) => new([.. words.Select(word => (JsonNode)JsonValue.Create(word)!)]);
}
