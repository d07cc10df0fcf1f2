using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Simulation;

namespace Ostler.Cli.Plan;

/// <summary>Several policies of one file: in which order they go, and whether two of them select the same nodes.</summary>
internal static class PolicyOrder
{
    private const int MostNames = 5;

    /// <summary>Each policy after those of the file that it depends on.</summary>
    /// <exception cref="CommandException">They depend on each other in a cycle.</exception>
    public static IReadOnlyList<PolicyFile> Sorted(IReadOnlyList<PolicyFile> files)
    {
        var sorted = new List<PolicyFile>();
        var left = files.ToList();
        while (left.Count > 0)
        {
            if (left.FirstOrDefault(f => !Within(f.Policy, left).Any()) is not { } next)
            {
                throw CommandException.Usage($"spec.dependsOn forms a cycle: "
                    + $"{string.Join(", ", left.Select(f => f.Policy.Metadata.Name))}. None of these policies can start.");
            }

            sorted.Add(next);
            left.Remove(next);
        }

        return sorted;
    }

    /// <summary>The policies among some others that a policy depends on.</summary>
    public static IEnumerable<string> Within(UpgradePolicy policy, IEnumerable<PolicyFile> files) =>
        (policy.Spec.DependsOn ?? []).Where(name => files.Any(f => f.Policy.Metadata.Name == name));

    /// <exception cref="CommandException">Two policies select the same node: neither would act on it.</exception>
    public static void RefuseConflicts(IReadOnlyList<PolicyFile> files, IEnumerable<FleetNodes> nodes)
    {
        var all = nodes.ToArray();
        foreach (var (one, other) in files.SelectMany((f, i) => files.Skip(i + 1).Select(o => (f.Policy, o.Policy))))
        {
            string[] both = [.. all.Where(n => one.Spec.NodeSelector.Matches(n.Labels) && other.Spec.NodeSelector.Matches(n.Labels))
                .Select(n => n.Name)];
            if (both.Length > 0)
            {
                var names = string.Join(", ", both.Take(MostNames))
                    + (both.Length > MostNames ? $" and {both.Length - MostNames} more" : "");
                throw new CommandException(
                    $"UpgradePolicies {one.Metadata.Name} and {other.Metadata.Name} both select {names}, so neither would act on them. "
                        + $"Narrow the nodeSelector of one of them.",
                    ExitCode.NotReady);
            }
        }
    }
}
