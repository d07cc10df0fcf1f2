using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Drain;

/// <summary>Which of a policy's rules decides on a pod.</summary>
internal static class DrainRules
{
    /// <summary>
    /// The first that matches; null when none does. Not known when a rule that may match first asks for labels of a namespace that have not
    /// been read yet, or does not say which pods it is for: a guess might evict what another rule lets stay, or let stay what must leave.
    /// </summary>
    public static (DrainRule? Rule, bool Known) Find(PodFacts pod, DrainSpec spec)
    {
        foreach (var rule in spec.Rules ?? [])
        {
            if (!IsUnderstood(rule))
            {
                return (null, false);
            }

            if (rule.PodSelector?.Matches(pod.Labels) == false)
            {
                continue;
            }

            if (rule.NamespaceSelector is { } namespaces)
            {
                if (pod.NamespaceLabels is null)
                {
                    return (null, false);
                }

                if (!namespaces.Matches(pod.NamespaceLabels))
                {
                    continue;
                }
            }

            return (rule, true);
        }

        return (null, true);
    }

    /// <summary>The first rule that does not say which pods it is for, as a field path; null when all do.</summary>
    public static string? NotUnderstood(DrainSpec spec)
    {
        for (var i = 0; i < (spec.Rules?.Count ?? 0); i++)
        {
            if (!IsUnderstood(spec.Rules![i]))
            {
                return $"spec.drain.rules[{i}]";
            }
        }

        return null;
    }

    private static bool IsUnderstood(DrainRule rule) =>
        (rule.PodSelector ?? rule.NamespaceSelector) is not null && IsUnderstood(rule.PodSelector) && IsUnderstood(rule.NamespaceSelector);

    private static bool IsUnderstood(LabelSelector? selector)
    {
        if (selector is { IsEmpty: true })
        {
            return false;
        }

        for (var i = 0; i < (selector?.MatchExpressions?.Count ?? 0); i++)
        {
            if (!selector!.MatchExpressions![i].IsComplete)
            {
                return false;
            }
        }

        return true;
    }
}
