using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Events;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Controller.Status;

internal sealed partial class Announcements
{
    /// <summary>A policy as a user changed it: pause, resume, approval.</summary>
    public void Edited(InformerEvent<UpgradePolicy> change)
    {
        if (change is not { Type: InformerEventType.Updated, Old: { } before, New: { } after }
            || before.Metadata.Generation == after.Metadata.Generation)
        {
            return;
        }

        if (!before.Spec.Paused && after.Spec.Paused)
        {
            Normal(after, Reasons.Paused, "spec.paused is true. Nodes already in progress finish; no other node is disrupted.");
        }
        else if (before.Spec.Paused && !after.Spec.Paused)
        {
            Normal(after, Reasons.Resumed, "spec.paused is false. The rollout continues.");
        }

        var approved = (before.Spec.Rollout.Approvals ?? []).Select(a => (a.Wave, a.Digest)).ToHashSet();
        foreach (var grant in after.Spec.Rollout.Approvals ?? [])
        {
            if (!approved.Contains((grant.Wave, grant.Digest)))
            {
                Normal(after, Reasons.WaveApproved, $"Wave {grant.Wave} is approved for {MessageText.Of(grant.Digest, null)}.");
            }
        }
    }

    /// <summary>A node as its agent reports it: the steps that the host goes through by itself.</summary>
    public void Stepped(InformerEvent<NodeOS> change)
    {
        if (change is not
            {
                Type: InformerEventType.Updated, Old.Status: { } before,
                New: { Status: { } after, Spec: { Policy: { Length: > 0 }, Image: { } image } } os
            }
            || before.Step == after.Step)
        {
            return;
        }

        var target = MessageText.Of(image.Digest, image.Version);
        (string Reason, string Message)? step = after.Step switch
        {
            NodeStep.Staged => (Reasons.Staged, $"{target} is staged. It is not used before the node is drained."),
            NodeStep.Rebooting => (Reasons.Rebooting, $"The node reboots into {target}."),
            NodeStep.Verifying => (Reasons.Verifying, $"The node runs {target}. Health checks are in progress."),
            NodeStep.Idle or NodeStep.Staging or NodeStep.Cordoned or NodeStep.Drained or NodeStep.Soaking or NodeStep.Updated
                or NodeStep.RollingBack or NodeStep.RolledBack or NodeStep.Failed => null,
        };
        if (step is var (reason, message))
        {
            publish(ObjectRef.ToNode(os.Metadata.Name), EventType.Normal, reason, message, os.Spec.Goal.ToString());
        }
    }

    // The turns of a rollout that no condition of OfPolicies stands for.
    private void ChangedRollout(UpgradePolicy before, UpgradePolicy after)
    {
        if (after.Status is not { } status)
        {
            return;
        }

        if (status.StartedAt is { } started && status.CompletedAt is null && started != before.Status?.StartedAt
            && status.Target is { } target)
        {
            Normal(after, Reasons.RollingOut,
                $"The rollout of {MessageText.Of(target.Digest, target.Version)} to {status.Nodes?.Total} nodes started.");
        }

        // A window that is open from the beginning is no news; most policies have none at all.
        var (was, now) = (before.Status?.Conditions.Find(ConditionTypes.WindowOpen), status.Conditions.Find(ConditionTypes.WindowOpen));
        if (now is not null && now.Status != was?.Status && (was is not null || now.Status == ConditionStatus.False))
        {
            Normal(after, now.Reason, now.Message);
        }

        var isSameTarget = before.Status?.Target?.Digest == status.Target?.Digest;
        foreach (var wave in status.Waves ?? [])
        {
            var former = isSameTarget ? before.Status?.Waves?.FirstOrDefault(w => w.Name == wave.Name) : null;
            ChangedWave(after, wave, former, wasUnderWay: former is not null && before.Status!.Wave == wave.Name);
        }
    }

    private void ChangedWave(UpgradePolicy policy, WaveStatus wave, WaveStatus? former, bool wasUnderWay)
    {
        if (wave.CompletedAt is not null && former is not null && former.CompletedAt is null)
        {
            Normal(policy, Reasons.WaveCompleted, $"Wave {wave.Name}: {wave.Updated} of {wave.Total} nodes updated.");
        }
        else if (wave.Reason == Reasons.WaitingForApproval && former?.Reason != Reasons.WaitingForApproval)
        {
            Normal(policy, Reasons.WaitingForApproval,
                $"Wave {wave.Name} waits for approval: kubectl ostler approve {policy.Metadata.Name}");
        }
        else if (policy.Status!.Wave == wave.Name && IsRunning(wave) && !(wasUnderWay && IsRunning(former!)))
        {
            Normal(policy, Reasons.WaveStarted, $"Wave {wave.Name} of {wave.Total} nodes started.");
        }
    }

    private static bool IsRunning(WaveStatus wave) =>
        wave.CompletedAt is null && wave.Reason is not (Reasons.WaitingForApproval or Reasons.WaveSoaking or Reasons.WaveBelowThreshold)
        && !GateRules.IsWaiting(wave.Reason);

    // A gate that closes is how gates work; one that cannot be evaluated, or finds nothing, is for people.
    private void ChangedGates(UpgradePolicy before, UpgradePolicy after)
    {
        foreach (var gate in after.Status?.Gates ?? [])
        {
            var former = before.Status?.Gates?.FirstOrDefault(g => g.Name == gate.Name)?.Reason;
            var isNews = gate.Reason switch
            {
                Reasons.GateOpen => former is not null && former != Reasons.GateOpen && former != Reasons.WaitingForGate,
                Reasons.WaitingForGate => false,
                _ => former != gate.Reason,
            };
            if (isNews)
            {
                var type = gate.Reason is Reasons.GateError or Reasons.GateMissing ? EventType.Warning : EventType.Normal;
                publish(ObjectRef.To(OstlerResources.UpgradePolicies, after), type, gate.Reason, gate.Message ?? "", "Report");
            }
        }
    }

    private void Normal(UpgradePolicy policy, string reason, string message) =>
        publish(ObjectRef.To(OstlerResources.UpgradePolicies, policy), EventType.Normal, reason, message, "Report");
}
