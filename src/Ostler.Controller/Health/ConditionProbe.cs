using System.Collections.Concurrent;
using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;

namespace Ostler.Controller.Health;

/// <summary>
/// Reads any object and judges a field of it. The API server tells under which path a kind is served; that is asked once for each.
/// </summary>
internal sealed class ConditionProbe(ApiClient client)
{
    /// <summary>What an admin grants the controller for this.</summary>
    private const string Grant = "a ClusterRole labelled ostler.dev/aggregate-to-health-checks: \"true\"";

    private readonly ConcurrentDictionary<(string ApiVersion, string Kind), ResourceType<JsonDocument>> _types = new();

    /// <exception cref="CheckException">It cannot be read.</exception>
    public async Task<CheckFinding> MakeAsync(CheckSubject subject, ConditionCheck check, CancellationToken cancellationToken)
    {
        // Before anything is read: with the rights that the controller has for tokens of checks it could read this one.
        if (FieldCondition.IsOfSecret(check.Kind))
        {
            return CheckFinding.Error("a check may not read Secrets: check an object that reports the state in its status");
        }

        var (name, problem) = Placeholders.InName(check.Name, subject.Node);
        if (name is null)
        {
            return CheckFinding.Error(problem);
        }

        var type = await TypeAsync(check, cancellationToken);
        var isNamespaced = !string.IsNullOrEmpty(check.Namespace);
        if (type.Namespaced != isNamespaced)
        {
            return CheckFinding.Error($"{check.Kind} {(type.Namespaced ? "lives in namespaces: set namespace" : "is cluster-scoped: remove namespace")}");
        }

        var shown = $"{check.Kind} {(isNamespaced ? $"{check.Namespace}/" : "")}{name}";
        using var found = await ApiCalls.GetAsync(client, type, new(check.Namespace ?? "", name), shown, Grant, cancellationToken);
        return found is null ? CheckFinding.Missing($"{shown} does not exist") : FieldCondition.Judge(check, shown, found.RootElement);
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
