using Ostler.Api.NodeOSes;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <content>A digest enters quarantine only if it booted somewhere and was not healthy there, or a host proved that it could not
/// boot.</content>
internal sealed partial class Invariants
{
    private readonly Dictionary<(string Node, string Digest), string> _onTrial = [];
    private readonly HashSet<(string Node, string Session)> _passed = [];
    private readonly HashSet<(string Digest, DateTimeOffset Since)> _quarantined = [];

    private bool IsProved(string digest) => _onTrial.Any(t => t.Key.Digest == digest);

    private void EndTrial(SimulatedNode node, string digest)
    {
        _onTrial.Remove((node.Uid, digest));
        _passed.Add((node.Uid, node.Host.Boot.BootID));
    }

    // What came up after an order to boot, or fell back from it, and was not called healthy since. Read from the machines, whatever
    // anybody reports.
    private void ObserveTrials(SimulatedWorld world)
    {
        foreach (var node in world.Nodes)
        {
            if (node.OS?.Spec is not { Goal: Goal.Boot or Goal.Rollback, Image.Digest: var digest, Previous: { } previous } spec
                || spec.RebootBefore is not null
                || node.Host.Boot.BootID == previous.BootSessionID() || _passed.Contains((node.Uid, node.Host.Boot.BootID)))
            {
                continue;
            }

            if (node.Host.Booted.Digest == digest || FellBack(node.Host, digest, previous.Digest) || LooksBooted(node))
            {
                _onTrial[(node.Uid, digest)] = node.Host.Boot.BootID;
            }
        }
    }

    // The agent acknowledged the order, its kubelet reports from a later boot, and the agent itself does not: an image that breaks the
    // agent looks exactly like another image that somebody booted in between.
    private static bool LooksBooted(SimulatedNode node) =>
        node.Host.LastBoot == SimulatedBoot.Unexpected && node.KubeletSession == node.Host.Boot.BootID
        && node.OS is { Status: { Step: NodeStep.Rebooting } status, Spec: var spec } && status.Attempt == spec.Attempt;

    // The watchdog took the host back, and not for want of the API server alone; or the boot loader has the image, and did not boot it.
    private static bool FellBack(SimulatedHost host, string digest, string previous) => host.Booted.Digest == previous
        && (host.Watchdog is { } watchdog && watchdog.Target == digest && watchdog.TookBack(host.Booted)
            ? !watchdog.LackedOnlyApi
            : host.LastBoot is SimulatedBoot.FallsBack or SimulatedBoot.Unexpected
                && host.Deployments.All.Any(d => d.Digest == digest && !d.Staged));

    // Whatever was deleted or died meanwhile: what was booted on an order is verified before the node is in service on it, unless a
    // person took the cordon away. One that deletes the NodeOS takes the record of the trial with it: then only the target is verified
    // again, by the policy's checks.
    private void JudgeTrial(SimulatedPolicy policy, SimulatedNode node) => Require(
        4, node.Name,
        !node.Unschedulable || (node.OS?.Spec.Image is null && (policy.Spec is null || !RunsTarget(node)))
            || !_onTrial.TryGetValue((node.Uid, node.Host.Booted.Digest), out var session) || session != node.Host.Boot.BootID,
        $"is put into service on {node.Host.Booted.Digest[..4]}, which was never verified in this boot");

    private bool RunsTarget(SimulatedNode node) => node.Host.Booted.Digest == _simulation.World.Image.Status?.Resolved?.Digest;

    private void JudgeQuarantine(SimulatedWorld world)
    {
        foreach (var entry in world.Image.Status?.Quarantined ?? [])
        {
            if (entry.Policy is { Length: > 0 } policy && _quarantined.Add((entry.Digest, entry.Since)))
            {
                Count("quarantined");
                Require(10, policy, IsProved(entry.Digest),
                    $"has {entry.Digest[..4]} quarantined for {entry.Reason}, which ran on no node that was unhealthy");
            }
        }
    }
}
