using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Validation;

public static partial class SpecValidation
{
    private const int LeastOrder = -1000;
    private const int GreatestOrder = 1000;

    private static void CheckDrain(DrainSpec drain, Problems problems)
    {
        for (var i = 0; i < (drain.Rules?.Count ?? 0); i++)
        {
            var rule = drain.Rules![i];
            var at = $"spec.drain.rules[{i}]";
            if (rule is { PodSelector: null, NamespaceSelector: null })
            {
                problems.Invalid(at, "selects no pods: set podSelector, namespaceSelector or both");
            }

            if (rule.PodSelector is { } pods)
            {
                CheckSelector($"{at}.podSelector", pods, "To select all pods of the selected namespaces, remove it", problems);
            }

            if (rule.NamespaceSelector is { } namespaces)
            {
                CheckSelector($"{at}.namespaceSelector", namespaces, "To select the pods of every namespace, remove it", problems);
            }

            if (rule.Order is < LeastOrder or > GreatestOrder)
            {
                problems.Invalid($"{at}.order", $"must be from {LeastOrder} to {GreatestOrder}");
            }
        }
    }
}
