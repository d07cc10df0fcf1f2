using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Nodes;

/// <summary>
/// Whether a node would take a pod, as far as that is written in the two: the scheduler's filters for unschedulable nodes, taints, node
/// selectors and required node affinity. Free resources, spreading and volumes are not looked at. Pure.
/// </summary>
internal static class PodPlacement
{
    /// <summary>What is not understood (a taint effect, an operator) counts as a no.</summary>
    public static bool CanTake(Node node, Pod pod) =>
        node is { IsReady: true, Unschedulable: false, Metadata.DeletionTimestamp: null }
        && (node.Spec?.Taints ?? []).All(t => t.Effect == "PreferNoSchedule" || pod.Spec?.Tolerations?.Any(t2 => t2.Tolerates(t)) == true)
        && (pod.Spec?.NodeSelector ?? new Dictionary<string, string>()).All(s => Label(node, s.Key) == s.Value)
        && (pod.Spec?.Affinity?.NodeAffinity?.Required?.NodeSelectorTerms is not { } terms || terms.Any(t => Matches(node, t)));

    // An empty term matches no node.
    private static bool Matches(Node node, PodNodeTerm term) =>
        (term.MatchExpressions ?? []).Count + (term.MatchFields ?? []).Count > 0
        && (term.MatchExpressions ?? []).All(r => Matches(Label(node, r.Key), r))
        && (term.MatchFields ?? []).All(r => r.Key == "metadata.name" && Matches(node.Name, r));

    private static bool Matches(string? value, PodNodeRequirement requirement) => requirement.Operator switch
    {
        "In" => value is not null && requirement.Values?.Contains(value) == true,
        "NotIn" => value is null || requirement.Values?.Contains(value) != true,
        "Exists" => value is not null,
        "DoesNotExist" => value is null,
        "Gt" => Compare(value, requirement) > 0,
        "Lt" => Compare(value, requirement) < 0,
        _ => false,
    };

    // Null when one of the two is no number, and then neither above nor below.
    private static int? Compare(string? value, PodNodeRequirement requirement) =>
        long.TryParse(value, out var number) && requirement.Values is [var bound] && long.TryParse(bound, out var limit)
            ? number.CompareTo(limit)
            : null;

    private static string? Label(Node node, string name) => node.Metadata.Labels?.GetValueOrDefault(name);
}
