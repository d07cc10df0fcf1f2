using Microsoft.Extensions.Logging;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>
/// Asks what a plan wants to know. Every question that is due gets an answer, if only that it could not be asked: a plan waits for it.
/// </summary>
internal sealed partial class ProbeRunner(
    DrainDryRun dryRun, DisplacedWorkloads workloads, AttachedVolumes volumes, ProbeCache answers, TimeProvider time, ILogger<ProbeRunner> logger)
{
    /// <summary>How many nodes are asked about at once: a slot that is free waits for the answers.</summary>
    private const int Parallelism = 16;

    /// <summary>How long one question may take. The pass that asks is also the one that keeps deadlines.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <returns>Whether anything was asked: plan anew.</returns>
    public async Task<bool> AskAsync(RolloutSnapshot snapshot, RolloutPlan plan, CancellationToken cancellationToken)
    {
        answers.Prune();
        var due = plan.Probes.Where(q => q.DueAt <= snapshot.Now).ToArray();
        var drain = snapshot.Policy.Spec?.Drain ?? new DrainSpec();
        await Parallel.ForEachAsync(
            due,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (question, token) => await AskAsync(question, drain, token));
        return due.Length > 0;
    }

    private async Task AskAsync(Probe question, DrainSpec drain, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            switch (question)
            {
                case Probe.Preflight preflight:
                    answers.Set(question.NodeUid, await dryRun.AskAsync(preflight, drain, either.Token));
                    break;
                case Probe.Workloads asked:
                    answers.Set(question.NodeUid, await workloads.AskAsync(asked, either.Token));
                    break;
                case Probe.Volumes asked:
                    answers.Set(question.NodeUid, await volumes.AskAsync(asked, either.Token));
                    break;
                default:
                    throw new InvalidOperationException($"{question.GetType().Name} is not a question that can be asked.");
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotAnswered(e, question.GetType().Name, question.Node);
            SetError(question, limit.IsCancellationRequested ? $"no answer within {Patience.TotalSeconds:0} s" : e.Message);
        }
    }

    private void SetError(Probe question, string error)
    {
        var now = time.GetUtcNow();
        switch (question)
        {
            case Probe.Preflight:
                answers.Set(question.NodeUid, new PreflightFacts { At = now, Error = error });
                break;
            case Probe.Workloads:
                answers.Set(question.NodeUid, new WorkloadFacts { At = now, Error = error, Failures = 1 });
                break;
            case Probe.Volumes:
                answers.Set(question.NodeUid, new VolumeFacts { At = now, Error = error, Failures = 1 });
                break;
            default:
                throw new InvalidOperationException($"{question.GetType().Name} is not a question that can be answered: {error}.");
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The probe {Question} of node {Node} could not run")]
    private partial void LogNotAnswered(Exception e, string question, string node);
}
