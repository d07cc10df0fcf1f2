using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Drain;

/// <summary>Which of a policy's rules decides on a pod.</summary>
internal static class DrainRules
{
    /// <summary>
    /// The first that matches; null when none does. Not known when a rule that may match first asks for labels of a namespace that nobody has read yet:
    /// to guess would evict what another rule lets stay.
    /// </summary>
    public static (DrainRule? Rule, bool Known) Find(PodFacts pod, DrainSpec spec)
    {
        foreach (var rule in spec.Rules ?? [])
        {
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
}
