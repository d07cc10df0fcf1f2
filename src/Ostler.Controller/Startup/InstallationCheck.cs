using System.Globalization;
using System.Text.Json;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Startup;

/// <summary>What was seen of an installation.</summary>
internal sealed record InstallationFacts
{
    /// <summary>Why a kind of Ostler cannot be read, by kind. Empty: all can.</summary>
    public IReadOnlyDictionary<string, string> Unreadable { get; init; } = new Dictionary<string, string>();

    /// <summary>Who holds the lease; null: no one.</summary>
    public string? Leader { get; init; }

    /// <summary>Whether the lease was renewed while it was being watched.</summary>
    public bool Renewed { get; init; }

    /// <summary>Linux nodes.</summary>
    public int Nodes { get; init; }

    /// <summary>Nodes whose agent has reported.</summary>
    public int Reporting { get; init; }
}

/// <summary>One thing that was checked.</summary>
internal sealed record InstallationFinding(bool Passed, string Text)
{
    public override string ToString() => $"{(Passed ? "ok:    " : "FAILED:")} {Text}";
}

/// <summary>
/// <c>ostler-controller --check-installation</c>: whether CRDs, controller and agents of this cluster work. It changes nothing.
/// <c>helm test</c> runs it.
/// </summary>
internal sealed class InstallationCheck(ApiClient api, string ns, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly ResourceType<JsonDocument> Leases =
        CoreResources.Any("coordination.k8s.io", "v1", "leases", "Lease", namespaced: true);

    private string? _firstRenewal;

    /// <summary>Looks until everything passes, or patience is over: agents and the leader may just be starting.</summary>
    /// <returns>The last findings.</returns>
    public async Task<IReadOnlyList<InstallationFinding>> RunAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var tick = new PeriodicTimer(Period, time);
        while (true)
        {
            var findings = Judge(await LookAsync(cancellationToken).ConfigureAwait(false));
            if (findings.All(f => f.Passed) || time.GetElapsedTime(began) >= patience)
            {
                return findings;
            }

            await tick.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What the facts mean, and what to do about it.</summary>
    public static IReadOnlyList<InstallationFinding> Judge(InstallationFacts facts) =>
    [
        facts.Unreadable.Count == 0
            ? new(true, "The API server serves OSImage, UpgradePolicy and NodeOS.")
            : new(false, $"Cannot list {string.Join(", ", facts.Unreadable.Select(u => $"{u.Key} ({u.Value})"))}. "
                + "Install the CRDs of this version (crds.install), or grant the controller's roles."),
        facts switch
        {
            { Leader: null } => new(
                false, "No controller holds the Lease ostler-controller. Check the pods of the Deployment ostler-controller and their logs."),
            { Renewed: false } => new(
                false, $"{facts.Leader} holds the Lease ostler-controller and does not renew it. Check that pod and its log."),
            _ => new(true, $"{facts.Leader} leads."),
        },
        facts switch
        {
            { Nodes: 0 } => new(true, "The cluster has no Linux nodes."),
            { Reporting: 0 } => new(
                false,
                Text($"No agent of {facts.Nodes} Linux nodes has reported. ")
                    + "Check the pods of the DaemonSet ostler-agent: Pod Security, image pull, node selector."),
            _ => new(true, Text($"{facts.Reporting} of {facts.Nodes} Linux nodes have an agent that reports.")),
        },
    ];

    private async Task<InstallationFacts> LookAsync(CancellationToken cancellationToken)
    {
        var unreadable = new Dictionary<string, string>(StringComparer.Ordinal);
        await ListAsync(OstlerResources.OSImages).ConfigureAwait(false);
        await ListAsync(OstlerResources.UpgradePolicies).ConfigureAwait(false);
        var states = await ListAsync(OstlerResources.NodeOSes).ConfigureAwait(false);
        var reporting = states.Where(os => os.Status?.Booted is not null).Select(os => os.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var machines = await ListAsync(CoreResources.Nodes).ConfigureAwait(false);
        var nodes = machines.Where(n => n.OperatingSystem is null or "linux").Select(n => n.Name).ToArray();
        var (leader, renewed) = await LeaderAsync(cancellationToken).ConfigureAwait(false);
        _firstRenewal ??= renewed;
        return new()
        {
            Unreadable = unreadable,
            Leader = leader,
            Renewed = renewed is not null && renewed != _firstRenewal,
            Nodes = nodes.Length,
            Reporting = nodes.Count(reporting.Contains),
        };

        async Task<IReadOnlyList<T>> ListAsync<T>(ResourceType<T> type)
            where T : class
        {
            try
            {
                return (await api.ListAsync(type, ListOptions.All, cancellationToken).ConfigureAwait(false)).Items;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                unreadable[type.Kind] = e.Message.ReplaceLineEndings(" ").TrimEnd('.');
                return [];
            }
        }
    }

    private async Task<(string? Leader, string? Renewed)> LeaderAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var lease = await api.GetAsync(Leases, new NamespacedName(ns, "ostler-controller"), cancellationToken).ConfigureAwait(false);
            return lease is not null && lease.RootElement.TryGetProperty("spec", out var spec)
                && Field(spec, "holderIdentity") is { Length: > 0 } holder
                ? (holder, Field(spec, "renewTime"))
                : (null, null);
        }
        catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
        {
            return (null, null);
        }
    }

    private static string? Field(JsonElement spec, string name) =>
        spec.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
