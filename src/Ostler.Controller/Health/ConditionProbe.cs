using System.Collections.Concurrent;
using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;

namespace Ostler.Controller.Health;

/// <summary>
/// Reads any object, or all that a selector selects, and judges a field of each. The API server tells under which path a kind is served;
/// that is asked once for each.
/// </summary>
internal sealed class ConditionProbe(ApiClient client)
{
    /// <summary>What an admin grants the controller for this.</summary>
    private const string Grant = "a ClusterRole labelled ostler.dev/aggregate-to-health-checks: \"true\"";

    private readonly ConcurrentDictionary<(string ApiVersion, string Kind), ResourceType<JsonDocument>> _types = new();

    /// <param name="check">The condition.</param>
    /// <param name="node">The node whose name the object may bear; null: there is none, as for a gate.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="CheckException">It cannot be read.</exception>
    public async Task<CheckFinding> MakeAsync(ConditionCheck check, string? node, CancellationToken cancellationToken)
    {
        // Before anything is read: with the rights that the controller has for tokens of checks it could read this one.
        if (FieldCondition.IsOfSecret(check.Kind))
        {
            return CheckFinding.Error("a check may not read Secrets: check an object that reports the state in its status");
        }

        var type = await TypeAsync(check, cancellationToken);
        var isNamespaced = !string.IsNullOrEmpty(check.Namespace);
        if (type.Namespaced != isNamespaced && (isNamespaced || check.Name is not null))
        {
            return CheckFinding.Error($"{check.Kind} {(type.Namespaced ? "lives in namespaces: set namespace" : "is cluster-scoped: remove namespace")}");
        }

        if (check.Name is null)
        {
            return await AllAsync(check, type, cancellationToken);
        }

        var (name, problem) = Placeholders.InName(check.Name, node ?? "");
        if (name is null)
        {
            return CheckFinding.Error(problem);
        }

        var shown = $"{check.Kind} {(isNamespaced ? $"{check.Namespace}/" : "")}{name}";
        using var found = await ApiCalls.GetAsync(client, type, new(check.Namespace ?? "", name), shown, Grant, cancellationToken);
        return found is null ? CheckFinding.Missing($"{shown} does not exist") : FieldCondition.Judge(check, shown, found.RootElement);
    }

    private async Task<CheckFinding> AllAsync(ConditionCheck check, ResourceType<JsonDocument> type, CancellationToken cancellationToken)
    {
        // The server takes an empty selector for everything, which nobody meant who wrote one.
        if (check.Selector is { IsEmpty: true })
        {
            return CheckFinding.Error("the selector is empty");
        }

        var which = $"{check.Kind}{(check.Selector is { } selector ? $" with {selector.ToQuery()}" : "")}"
            + (string.IsNullOrEmpty(check.Namespace) ? "" : $" in namespace {check.Namespace}");
        var findings = new List<CheckFinding>();
        await ApiCalls.VisitAsync(
            client, type, new() { Namespace = check.Namespace ?? "", LabelSelector = check.Selector?.ToQuery() }, Visit,
                $"objects of kind {which}", Grant, cancellationToken);
        return Findings.All(findings, $"there is no {which}", $"{findings.Count} objects of kind {check.Kind}");

        JsonDocument Visit(JsonDocument found)
        {
            // Judged and given back at once: a page of large objects is many times what is asked of them.
            findings.Add(FieldCondition.Judge(check, $"{check.Kind} {NameOf(found.RootElement)}", found.RootElement));
            found.Dispose();
            return found;
        }
    }

    private static string NameOf(JsonElement found)
    {
        var meta = found.GetProperty("metadata");
        var name = meta.GetProperty("name").GetString();
        return meta.TryGetProperty("namespace", out var space) && space.GetString() is { Length: > 0 } inside ? $"{inside}/{name}" : name
            ?? "";
    }

    private async Task<ResourceType<JsonDocument>> TypeAsync(ConditionCheck check, CancellationToken cancellationToken)
    {
        if (_types.TryGetValue((check.ApiVersion, check.Kind), out var known))
        {
            return known;
        }

        var (group, version) = check.ApiVersion.Split('/', 2) is [var g, var v] ? (g, v) : ("", check.ApiVersion);
        try
        {
            // Subresources (nodes/status) bear the kind of their resource too.
            var resources = await client.DiscoverAsync(group, version, cancellationToken);
            var resource = resources?.FirstOrDefault(r => r.Kind == check.Kind && !r.Name.Contains('/', StringComparison.Ordinal))
                ?? throw new CheckException($"the API server does not have {check.Kind} in {check.ApiVersion}: check that its CustomResourceDefinition is installed");
            if (group.Length == 0 && resource.Name == "secrets")
            {
                throw new CheckException("a check may not read Secrets: check an object that reports the state in its status");
            }

            return _types[(check.ApiVersion, check.Kind)] = CoreResources.Any(group, version, resource.Name, check.Kind, resource.Namespaced);
        }
        catch (Exception e) when (e is ApiException or TimeoutException or HttpRequestException or IOException)
        {
            throw new CheckException($"the API server does not say how it serves {check.ApiVersion} {check.Kind}: {e.Message}");
        }
    }
}
