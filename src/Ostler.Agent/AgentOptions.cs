using Ostler.Agent.Host;
using Ostler.Kubernetes.Connections;

namespace Ostler.Agent;

/// <summary>What the agent is told by its environment.</summary>
internal sealed record AgentOptions
{
    public const string Help = """
        ostler-agent: stages, boots and rolls back the OS of this node as its NodeOS asks. Runs once on every node.

        Usage: ostler-agent [--host-entry=…] [--api-server=…] [--api-ca=…] [--api-token-file=…]
               ostler-agent --help | --version
               ostler-agent watchdog check | uninstall   on the host, without a cluster; see ostler-agent watchdog --help
               ostler-agent host status | stage | apply  on the host, without a cluster; see ostler-agent host --help

        Environment (flags override it):
          NODE_NAME              the node, and so the NodeOS; required
          OSTLER_HOST_ENTRY      nsenter (default): from a privileged pod with hostPID; direct: already on the host
          OSTLER_API_SERVER      URL of the API server; default: that of the pod (KUBERNETES_SERVICE_HOST and _PORT)
          OSTLER_API_CA          PEM file with the server's CA; default: that of the pod's service account
          OSTLER_ALLOW_ADDRESSES link-local and cloud metadata addresses that http checks may connect to: CIDRs separated by commas; default: none
          OSTLER_API_TOKEN_FILE  file with a bearer token, read again as it is renewed; default: that of the service account

        Exit codes: 0 after SIGTERM; 1 if a part of the agent fails; 2 if the environment is invalid. The agent has no health
        endpoint: every wait is limited, and the process exits if it cannot continue.
        """;

    public required string NodeName { get; init; }
    public required HostEntry HostEntry { get; init; }

    /// <summary>Where the API server is, and who the agent is there. What is null is the pod's own.</summary>
    public required InClusterOptions Api { get; init; }

    /// <summary>Which addresses http checks may ask.</summary>
    public OutboundRules Outbound { get; init; } = OutboundRules.Default;

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">The value of a variable, or null.</param>
    /// <param name="problem">What is wrong and what to set instead; empty when nothing is.</param>
    /// <returns>Null when something is wrong.</returns>
    public static AgentOptions? Parse(Func<string, string?> variable, out string problem)
    {
        problem = "";
        var node = variable("NODE_NAME") ?? "";
        var entry = HostEntry.Parse(Get("OSTLER_HOST_ENTRY") ?? "nsenter");
        Uri? server = null;
        var outbound = OutboundRules.Parse(Get("OSTLER_ALLOW_ADDRESSES") ?? "");
        if (!IsNodeName(node))
        {
            problem = "NODE_NAME must be set to the node's name (fieldRef: spec.nodeName).";
        }
        else if (entry is null)
        {
            problem = "OSTLER_HOST_ENTRY must be nsenter or direct.";
        }
        else if (outbound is null)
        {
            problem = "OSTLER_ALLOW_ADDRESSES must be CIDRs separated by commas, as in 169.254.20.10/32.";
        }
        else if (Get("OSTLER_API_SERVER") is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out server) && server.Scheme is "http" or "https"))
        {
            problem = "OSTLER_API_SERVER must be an http or https URL.";
        }
        else
        {
            return new AgentOptions
            {
                NodeName = node,
                HostEntry = entry,
                Outbound = outbound,
                Api = new InClusterOptions
                {
                    Server = server,
                    CertificateAuthorityFile = Get("OSTLER_API_CA"),
                    TokenFile = Get("OSTLER_API_TOKEN_FILE"),
                    UserAgent = "ostler-agent/" + AgentVersion.Text,
                },
            };
        }

        return null;

        string? Get(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>It becomes a part of paths and selectors.</summary>
    private static bool IsNodeName(string name) =>
        name.Length is > 0 and <= 253
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');
}
