using System.Reflection;
using System.Text.Json.Serialization;
using Ostler.Api.Shared;

namespace Ostler.Testing.Checks;

/// <summary>
/// A valid and an invalid check of each kind, found by reflection, so that a kind that is added without one fails the tests of validator,
/// runners and judges.
/// </summary>
public static class CheckSamples
{
    /// <summary>The properties that every check has. All others are kinds.</summary>
    private static readonly HashSet<string> Common = [nameof(HealthCheck.Name), nameof(HealthCheck.Interval), nameof(HealthCheck.Timeout), nameof(HealthCheck.Successes)];

    private static readonly Dictionary<string, (HealthCheck Valid, HealthCheck Invalid)> Samples = new(StringComparer.Ordinal)
    {
        ["systemd"] = (Named with { Systemd = new() { NoneFailed = true } }, Named with { Systemd = new() }),
        ["exec"] = (Named with { Exec = new() { Command = ["/bin/true"] } }, Named with { Exec = new() { Command = ["true"] } }),
        ["http"] = (Named with { Http = new() { Url = "http://127.0.0.1:1/" } }, Named with { Http = new() { Url = "ftp://x" } }),
        ["pods"] = (
            Named with { Pods = new() { Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "dns" } } } }, Named with { Pods = new() { Selector = new() } }),
        ["workloads"] = (Named with { Workloads = new() }, Named with { Workloads = new() { Timeout = new(TimeSpan.FromMinutes(-1)) } }),
        ["prometheus"] = (Named with { Prometheus = new() { Url = "http://127.0.0.1:1", Query = "up" } }, Named with { Prometheus = new() { Url = "http://127.0.0.1:1", Query = "" } }),
        ["condition"] = (Condition("{.status.phase}"), Condition("")),
        ["alerts"] = (
            Named with { Alerts = new() { Matchers = [new() { Name = "severity", Value = "critical" }] } },
                Named with { Alerts = new() { Matchers = [] } }),
        ["nodeConditions"] =
            (Named with { NodeConditions = new() { Types = ["KernelDeadlock"] } }, Named with { NodeConditions = new() { Types = [] } }),
    };

    /// <summary>The kinds, as a spec calls them: all properties of <see cref="HealthCheck"/> that not every check has.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        .. typeof(HealthCheck).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => !Common.Contains(p.Name) && !p.IsDefined(typeof(JsonExtensionDataAttribute)))
            .Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..]),
    ];

    private static HealthCheck Named => new() { Name = "sample" };

    /// <summary>A valid check of the kind. Its addresses refuse connections at once.</summary>
    /// <exception cref="KeyNotFoundException">The kind has no sample yet.</exception>
    public static HealthCheck Valid(string kind) => Of(kind).Valid;

    /// <summary>One in which the kind's own fields are wrong.</summary>
    /// <exception cref="KeyNotFoundException">The kind has no sample yet.</exception>
    public static HealthCheck Invalid(string kind) => Of(kind).Invalid;

    private static (HealthCheck Valid, HealthCheck Invalid) Of(string kind) =>
        Samples.TryGetValue(kind, out var samples) ? samples : throw new KeyNotFoundException($"HealthCheck has a kind {kind}: add a sample of it here.");

    private static HealthCheck Condition(string path) => Named with
    {
        Condition = new() { ApiVersion = "v1", Kind = "Node", Name = "{node}", Path = path, Operator = ConditionOperator.Exists },
    };
}
