using Ostler.Api.Meta;

namespace Ostler.Rollout.Tests.Support;

/// <summary>What kstatus, kubectl wait and GitOps tools expect of a list of conditions.</summary>
internal static class ConditionLint
{
    public static void Check(IReadOnlyList<Condition> conditions)
    {
        Assert.Equal(conditions.Count, conditions.Select(c => c.Type).Distinct().Count());
        Assert.Equal(ConditionTypes.Ready, conditions[0].Type);
        foreach (var condition in conditions)
        {
            Assert.Matches("^[A-Z][A-Za-z]+$", condition.Reason);
            Assert.NotEmpty(condition.Message);
            Assert.NotNull(condition.ObservedGeneration);
            Assert.Equal(condition.LastTransitionTime.TruncateToSeconds(), condition.LastTransitionTime);
            // Abnormal-true conditions are there only while they hold.
            Assert.True(condition.Type is not (ConditionTypes.Reconciling or ConditionTypes.Stalled) || condition.Status == ConditionStatus.True);
        }

        Assert.False(conditions.IsTrue(ConditionTypes.Reconciling) && conditions.IsTrue(ConditionTypes.Stalled), "Reconciling and Stalled at once");
        Assert.False(conditions.IsTrue(ConditionTypes.Ready) && conditions.IsTrue(ConditionTypes.Stalled), "Ready and Stalled at once");
        Assert.False(conditions.IsTrue(ConditionTypes.Ready) && conditions.IsTrue(ConditionTypes.Reconciling), "Ready and Reconciling at once");
    }
}
