namespace Ostler.Rollout.Health;

/// <summary>A condition of a Node, as far as a check or a gate looks at it.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Status">True, False or Unknown.</param>
/// <param name="Reason">Its reason.</param>
/// <param name="ReportedAt">When it was last reported, by the reporter's clock; null: not known.</param>
public readonly record struct ObservedCondition(string Type, string Status, string? Reason, DateTimeOffset? ReportedAt = null);

/// <summary>Judges the conditions of a Node.</summary>
public static class NodeConditionFinding
{
    /// <param name="node">The Node's name.</param>
    /// <param name="types">The types of conditions that it must have.</param>
    /// <param name="status">The status that each must have.</param>
    /// <param name="conditions">The conditions that it has.</param>
    /// <param name="since">A condition that was last reported before this says nothing; null: any counts.</param>
    public static CheckFinding Of(
        string node, IReadOnlyList<string> types, bool status, IReadOnlyList<ObservedCondition> conditions,
            DateTimeOffset? since = null) =>
        Findings.All([.. types.Select(t => Of(node, t, status, conditions, since))], $"no condition of node {node} is named");

    private static CheckFinding Of(
        string node, string type, bool status, IReadOnlyList<ObservedCondition> conditions, DateTimeOffset? since)
    {
        var found = conditions.FirstOrDefault(c => c.Type == type);
        if (found.Type is null)
        {
            return CheckFinding.Missing(
                $"node {node} has no condition {type}: check that what reports it runs there, such as Node Problem Detector");
        }

        if (since is not null && (found.ReportedAt is null || found.ReportedAt < since))
        {
            return CheckFinding.Missing($"node {node} has not reported {type} since its boot");
        }

        var wanted = status ? "True" : "False";
        var why = found.Reason is { Length: > 0 } reason ? $" ({HttpFinding.Trim(reason)})" : "";
        return found.Status == wanted
            ? CheckFinding.Pass($"{type} of node {node} is {wanted}")
            : CheckFinding.No($"{type} of node {node} is {HttpFinding.Trim(found.Status)}{why}; wanted: {wanted}");
    }
}
