using System.Globalization;
using Ostler.Api;

namespace Ostler.Playground;

/// <summary>What <c>make demo</c> was asked for.</summary>
internal sealed record DemoOptions(int Nodes, IntOrPercent MaxUnavailable, string Scenario)
{
    public static string Usage { get; } =
        $"Usage: make demo [NODES=5] [MAX_UNAVAILABLE=1] [SCENARIO={string.Join('|', Scenarios.All.Keys)}]   NODES from 2 to 50; MAX_UNAVAILABLE a count or a percentage such as 25%.";

    /// <summary>Reads <c>--nodes N --max-unavailable M --scenario S</c>, else NODES, MAX_UNAVAILABLE and SCENARIO; null when something is not understood.</summary>
    public static DemoOptions? Parse(string[] args, Func<string, string?> environment)
    {
        var nodes = environment("NODES");
        var unavailable = environment("MAX_UNAVAILABLE");
        var scenario = environment("SCENARIO");
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
                default:
                    return null;
            }
        }

        return int.TryParse(string.IsNullOrEmpty(nodes) ? "5" : nodes, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count is >= 2 and <= 50
            && IntOrPercent.TryParse(string.IsNullOrEmpty(unavailable) ? "1" : unavailable, out var limit)
            && Scenarios.All.ContainsKey(string.IsNullOrEmpty(scenario) ? Scenarios.Default : scenario)
            ? new DemoOptions(count, limit, string.IsNullOrEmpty(scenario) ? Scenarios.Default : scenario)
            : null;
    }
}
