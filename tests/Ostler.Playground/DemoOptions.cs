using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Testing.Hosts;

namespace Ostler.Playground;

/// <summary>What <c>make demo</c> was asked for.</summary>
internal sealed record DemoOptions(int Nodes, IntOrPercent MaxUnavailable, string Scenario, HostTool Backend, bool Keep)
{
    /// <summary>Where the administrator's kubeconfig is copied to, for those who look on; null: nowhere.</summary>
    public string? Kubeconfig { get; init; }

    private static readonly Dictionary<string, HostTool> Backends = new(StringComparer.Ordinal)
    {
        [""] = HostTool.Ostree,
        ["ostree"] = HostTool.Ostree,
        ["rpm-ostree"] = HostTool.RpmOstree,
        ["bootc"] = HostTool.Bootc,
    };

    public static string Usage { get; } =
        $"Usage: make demo [NODES=5] [MAX_UNAVAILABLE=1] [SCENARIO={string.Join('|', Scenarios.All.Keys)}] [BACKEND=ostree|rpm-ostree|bootc] [KEEP=1]   NODES from 2 to 50; MAX_UNAVAILABLE a count or a percentage such as 25%.";

    /// <summary>
    /// Reads <c>--nodes N --max-unavailable M --scenario S --backend B</c>, else NODES, MAX_UNAVAILABLE, SCENARIO, BACKEND and KEEP (1: it
    /// stays until it is interrupted), and OSTLER_DEMO_KUBECONFIG; null when something is not understood.
    /// </summary>
    public static DemoOptions? Parse(string[] args, Func<string, string?> environment)
    {
        var nodes = environment("NODES");
        var unavailable = environment("MAX_UNAVAILABLE");
        var scenario = environment("SCENARIO");
        var backend = environment("BACKEND");
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var n, var v] ? (n, v) : (args[i], ++i < args.Length ? args[i] : "");
            switch (name)
            {
                case "--nodes":
                    nodes = value;
                    break;
                case "--max-unavailable":
                    unavailable = value;
                    break;
                case "--scenario":
                    scenario = value;
                    break;
                case "--backend":
                    backend = value;
                    break;
                default:
                    return null;
            }
        }

        return int.TryParse(string.IsNullOrEmpty(nodes) ? "5" : nodes, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is >= 2 and <= 50
            && IntOrPercent.TryParse(string.IsNullOrEmpty(unavailable) ? "1" : unavailable, out var limit)
            && Scenarios.All.ContainsKey(string.IsNullOrEmpty(scenario) ? Scenarios.Default : scenario)
            && Backends.TryGetValue(backend ?? "", out var tool)
            ? new DemoOptions(count, limit, string.IsNullOrEmpty(scenario) ? Scenarios.Default : scenario, tool, environment("KEEP") == "1")
            {
                Kubeconfig = environment("OSTLER_DEMO_KUBECONFIG") is { Length: > 0 } file ? file : null,
            }
            : null;
    }
}
