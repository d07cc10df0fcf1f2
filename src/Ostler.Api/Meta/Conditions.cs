namespace Ostler.Api.Meta;

/// <summary>Reads and writes lists of conditions. Pure: what changes is returned.</summary>
public static class Conditions
{
    /// <summary>The condition of a type, or null.</summary>
    public static Condition? Find(this IReadOnlyList<Condition>? conditions, string type)
    {
        if (conditions is null)
        {
            return null;
        }

        foreach (var condition in conditions)
        {
            if (condition.Type == type)
            {
                return condition;
            }
        }

        return null;
    }

    /// <summary>True when the condition is there and holds.</summary>
    public static bool IsTrue(this IReadOnlyList<Condition>? conditions, string type) =>
        conditions.Find(type)?.Status == ConditionStatus.True;

    /// <summary>
    /// The wanted conditions, each with the time of its last transition: that of the former condition while its status
    /// is the same, else <paramref name="now"/>. Conditions that are not wanted any more are left out.
    /// </summary>
    /// <remarks>
    /// Times are cut to whole seconds, as the API server stores them: a finer one would make every reconcile see a difference
    /// and write again. Sorted by type, Ready first, so that two runs of the same facts give the same bytes.
    /// </remarks>
    public static IReadOnlyList<Condition> Carry(
        IReadOnlyList<Condition>? former, IEnumerable<Condition> wanted, long observedGeneration, DateTimeOffset now)
    {
        var moment = now.TruncateToSeconds();
        return
        [
            .. wanted
                .Select(c => c with
                {
                    ObservedGeneration = observedGeneration,
                    LastTransitionTime = former.Find(c.Type) is { } old && old.Status == c.Status ? old.LastTransitionTime : moment,
                })
                .OrderBy(c => c.Type == ConditionTypes.Ready ? 0 : 1)
                .ThenBy(c => c.Type, StringComparer.Ordinal),
        ];
    }

    /// <summary>Cuts a time to whole seconds in UTC, which is all that the wire format carries.</summary>
    public static DateTimeOffset TruncateToSeconds(this DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
