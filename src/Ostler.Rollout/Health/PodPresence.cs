using Ostler.Rollout.Text;

namespace Ostler.Rollout.Health;

/// <summary>A pod that a gate looks at.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Node">Where it runs; null: it is not scheduled.</param>
/// <param name="Ready">Whether it is Ready.</param>
public sealed record ObservedPod(string Namespace, string Name, string? Node, bool Ready);

/// <summary>Judges pods that must not exist, or that must be Ready.</summary>
public static class PodPresence
{
    private const int Named = 3;

    /// <param name="pods">The pods that have neither completed nor failed.</param>
    /// <param name="absent">Whether there must be none.</param>
    /// <param name="where">As in <c>on node n1</c>, for messages; may be empty.</param>
    public static CheckFinding Judge(IReadOnlyList<ObservedPod> pods, bool absent, string where)
    {
        var at = where.Length > 0 ? $" {where}" : "";
        if (absent)
        {
            return pods.Count == 0
                ? CheckFinding.Pass($"no pod matches{at}")
                : CheckFinding.No($"{MessageText.Count(pods.Count, "pod")} must finish first{at}: {List(pods)}");
        }

        if (pods.Count == 0)
        {
            return CheckFinding.Missing($"no pod matches the selector{at}");
        }

        ObservedPod[] unready = [.. pods.Where(p => !p.Ready)];
        return unready.Length == 0
            ? CheckFinding.Pass($"{MessageText.Count(pods.Count, "pod")} Ready{at}")
            : CheckFinding.No($"{unready.Length} of {MessageText.Count(pods.Count, "pod")} not Ready{at}: {List(unready)}");
    }

    private static string List(IReadOnlyList<ObservedPod> pods) =>
        MessageText.List([.. pods.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => $"{p.Namespace}/{p.Name}")], Named);
}
