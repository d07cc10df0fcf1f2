namespace Ostler.Agent.Host;

/// <summary>How the agent reaches the host: what stands before a command, and where the host's files are seen.</summary>
internal sealed class HostEntry
{
    private HostEntry(string[] prefix, string root) => (Prefix, Root) = (prefix, root);

    /// <summary>From a privileged pod with hostPID, into the namespaces of the host's first process.</summary>
    /// <remarks>
    /// The network namespace is among them: a pull from the pod's network would use the cluster's DNS and be subject to its policies, and
    /// fail while the CNI is not up yet. The environment needs no flag: <see cref="ProcessCommandRunner"/> hands over a clean one.
    /// </remarks>
    public static HostEntry Nsenter { get; } = new(
        ["nsenter", "--target", "1", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--setuid", "0", "--setgid", "0", "--"],
        "/proc/1/root");

    /// <summary>The agent is within the host's namespaces already.</summary>
    public static HostEntry Direct { get; } = new([], "/");

    /// <summary>The program and arguments that stand before every command; empty when the agent is on the host already.</summary>
    public IReadOnlyList<string> Prefix { get; }

    /// <summary>Where the host's root directory is seen.</summary>
    public string Root { get; }

    /// <summary>Reads <c>nsenter</c> or <c>direct</c>; null for anything else.</summary>
    public static HostEntry? Parse(string text) => text switch
    {
        "nsenter" => Nsenter,
        "direct" => Direct,
        _ => null,
    };
}
