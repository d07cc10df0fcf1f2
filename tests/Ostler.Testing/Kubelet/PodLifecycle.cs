using k8s.Models;

namespace Ostler.Testing.Kubelet;

/// <summary>What the kubelet remembers of a pod that it runs; lost when the machine goes down.</summary>
internal sealed record PodRun
{
    /// <summary>The boot in which the containers were started.</summary>
    public required int Boot { get; init; }

    public required DateTimeOffset SeenAt { get; init; }

    public required string Address { get; init; }

    public required int Restarts { get; init; }

    /// <summary>The containers ran when the machine went down.</summary>
    public required bool WasInterrupted { get; init; }

    public DateTimeOffset? TerminatingSince { get; init; }
}

/// <summary>What is to be done with a pod now, and when to look again.</summary>
/// <param name="Run">To be remembered.</param>
/// <param name="Status">To be written; null when the pod's status is right as it is.</param>
/// <param name="Delete">The containers are gone: the object can be deleted for good.</param>
/// <param name="LookAgain">After this time something is due; null: only when the pod changes.</param>
internal sealed record PodDecision(PodRun Run, V1PodStatus? Status, bool Delete, TimeSpan? LookAgain);

/// <summary>The life of a pod on a node, decided from what is known now. Pure.</summary>
internal static class PodLifecycle
{
    /// <summary>A container that vanished with its machine.</summary>
    private const int LostExitCode = 137;

    public static PodDecision Decide(
        V1Pod pod, PodRun? remembered, PodBehavior behavior, int boot, string freeAddress, string hostAddress, DateTimeOffset now)
    {
        var run = remembered is { } known && known.Boot == boot ? known : Begin(pod, boot, freeAddress, now);
        var status = new PodStatusBuilder(pod, run, hostAddress, now);
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return End(pod, run, behavior, status, now);
        }

        if (IsOver(pod))
        {
            return new(run, null, Delete: false, null);
        }

        if (run.WasInterrupted && pod.Spec.RestartPolicy == "Never")
        {
            return Changed(pod, run, status.Terminated(LostExitCode, "ContainerStatusUnknown"));
        }

        var runningAt = run.SeenAt + behavior.StartDelay;
        if (now < runningAt)
        {
            return Changed(pod, run, status.Starting(), runningAt - now);
        }

        if (behavior.RunDuration is not { } duration || pod.Spec.RestartPolicy is "Always" or null)
        {
            return Changed(pod, run, status.Running(behavior.BecomesReady));
        }

        var overAt = runningAt + duration;
        return now < overAt
            ? Changed(pod, run, status.Running(behavior.BecomesReady), overAt - now)
            : Changed(pod, run, status.Terminated(behavior.ExitCode, behavior.ExitCode == 0 ? "Completed" : "Error"));
    }

    private static PodRun Begin(V1Pod pod, int boot, string freeAddress, DateTimeOffset now)
    {
        var wasRunning = pod.Status?.Phase == "Running";
        var restarts = pod.Status?.ContainerStatuses?.Select(c => c.RestartCount).DefaultIfEmpty().Max() ?? 0;
        return new PodRun
        {
            Boot = boot,
            SeenAt = now,
            Address = freeAddress,
            Restarts = wasRunning ? restarts + 1 : restarts,
            WasInterrupted = wasRunning,
        };
    }

    private static PodDecision End(V1Pod pod, PodRun run, PodBehavior behavior, PodStatusBuilder status, DateTimeOffset now)
    {
        run = run with { TerminatingSince = run.TerminatingSince ?? now };
        var grace = TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? 0);

        // The grace is taken from the object each time: a second deletion may have shortened it. What did not run ends at once.
        var isRunning = pod.Status?.Phase == "Running" && !run.WasInterrupted;
        var over = isRunning ? run.TerminatingSince.Value + Shorter(grace, behavior.TerminationDuration) : now;
        if (now < over)
        {
            return new(run, null, Delete: false, over - now);
        }

        var exitCode = behavior.TerminationDuration > grace ? LostExitCode : 0;
        var terminated = IsOver(pod) ? null : status.Terminated(exitCode, exitCode == 0 ? "Completed" : "Error");

        // With no grace left the API server has deleted it already, as far as finalizers let it.
        return new(run, terminated, Delete: grace > TimeSpan.Zero, null);
    }

    private static PodDecision Changed(V1Pod pod, PodRun run, V1PodStatus desired, TimeSpan? lookAgain = null) =>
        new(run, PodStatusBuilder.IsSame(pod.Status, desired) ? null : desired, Delete: false, lookAgain);

    private static bool IsOver(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
