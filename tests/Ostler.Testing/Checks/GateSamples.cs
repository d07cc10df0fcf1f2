using System.Reflection;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Testing.Checks;

/// <summary>
/// A valid and an invalid gate of each kind, found by reflection, so that a kind that is added without one fails the tests of validator and
/// runners.
/// </summary>
public static class GateSamples
{
    /// <summary>The properties that every gate has. All others are kinds.</summary>
    private static readonly HashSet<string> Common =
        [nameof(GateSpec.Name), nameof(GateSpec.For), nameof(GateSpec.At), nameof(GateSpec.OnError), nameof(GateSpec.Interval),
            nameof(GateSpec.Timeout)];

    private static readonly Dictionary<string, (GateSpec Valid, GateSpec Invalid)> Samples = new(StringComparer.Ordinal)
    {
        ["prometheus"] = (Named with { Prometheus = new() { Url = "http://127.0.0.1:1", Query = "up" } },
            Named with { Prometheus = new() { Url = "http://127.0.0.1:1", Query = "up{node=\"{node}\"}" } }),
        ["http"] = (Named with { Http = new() { Url = "http://127.0.0.1:1/", From = HttpCheckOrigin.Controller } },
            Named with { Http = new() { Url = "http://127.0.0.1:1/" } }),
        ["condition"] = (Condition("ready"), Condition("{node}")),
        ["pods"] = (Named with { Pods = new() { Selector = Backup, Absent = true } }, Named with { Pods = new() { Selector = new() } }),
        ["alerts"] = (
            Named with { Alerts = new() { Matchers = [new() { Name = "severity", Value = "critical" }] } },
            Named with { Alerts = new() { Matchers = [new() { Name = "instance", Value = "{node}" }] } }),
        ["nodeConditions"] =
            (Named with { NodeConditions = new() { Types = ["KernelDeadlock"] } }, Named with { NodeConditions = new() { Types = [] } }),
    };

    /// <summary>The kinds, as a spec calls them.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        .. typeof(GateSpec).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => !Common.Contains(p.Name) && !p.IsDefined(typeof(JsonExtensionDataAttribute)))
            .Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..]),
    ];

    private static GateSpec Named => new() { Name = "sample" };

    private static LabelSelector Backup => new() { MatchLabels = new Dictionary<string, string> { ["app"] = "backup" } };

    /// <summary>A valid gate of the kind. Its addresses refuse connections at once.</summary>
    /// <exception cref="KeyNotFoundException">The kind has no sample yet.</exception>
    public static GateSpec Valid(string kind) => Of(kind).Valid;

    /// <summary>One in which the kind's own fields are wrong.</summary>
    /// <exception cref="KeyNotFoundException">The kind has no sample yet.</exception>
    public static GateSpec Invalid(string kind) => Of(kind).Invalid;

    private static (GateSpec Valid, GateSpec Invalid) Of(string kind) =>
        Samples.TryGetValue(kind, out var samples) ? samples
            : throw new KeyNotFoundException($"GateSpec has a kind {kind}: add a sample of it here.");

    private static GateSpec Condition(string name) => Named with
    {
        Condition = new() { ApiVersion = "v1", Kind = "Node", Name = name, Path = "{.status.phase}", Operator = ConditionOperator.Exists },
    };
}
