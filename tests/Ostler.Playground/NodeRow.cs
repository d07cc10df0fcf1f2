using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Playground;

/// <summary>One node as the table shows it: nothing but what <c>kubectl get</c> would show too.</summary>
internal sealed record NodeRow(string Node, string Zone, NodeStep Step, string Booted, string Target, bool Cordoned, bool Ready, string Why)
{
    /// <summary>The row of a node, from the API objects that speak of it.</summary>
    /// <remarks>
    /// The policy's report knows the steps between the agent's (Cordoned, Drained, Soaking); it is written at most about once a second,
    /// so a quick step may be seen there late. The cordon itself is read from the Node, at once.
    /// </remarks>
    public static NodeRow From(string node, string zone, bool cordoned, bool ready, NodeOS? os, UpgradePolicy? policy)
    {
        var inFlight = policy?.Status?.InFlight?.FirstOrDefault(n => n.Node == node);
        var blocked = policy?.Status?.Blocked?.FirstOrDefault(n => n.Node == node);
        var step = StepOf(cordoned, os, inFlight);
        return new NodeRow(
            node,
            zone,
            step,
            os?.Status?.Booted is { } booted ? booted.Version ?? Short(booted.Digest) : "?",
            os?.Spec.Image is { } image ? image.Version ?? Short(image.Digest) : "",
            cordoned,
            ready,
            inFlight?.Message ?? blocked?.Message ?? os?.Spec.Failure?.Message ?? os?.Status?.LastError?.Message ?? "");
    }

    private static NodeStep StepOf(bool cordoned, NodeOS? os, InFlightNode? inFlight)
    {
        if (os is null)
        {
            return NodeStep.Idle;
        }

        var agent = os.Status?.Step ?? NodeStep.Idle;
        var current = os.Status?.Attempt == os.Spec.Attempt;
        switch (os.Spec.Goal)
        {
            case Goal.Rollback:
                return agent == NodeStep.RolledBack && !cordoned ? NodeStep.RolledBack : NodeStep.RollingBack;
            case Goal.Boot when current && agent is NodeStep.Verifying or NodeStep.Updated:
                return os.Spec.HealthySince is null ? NodeStep.Verifying : NodeStep.Soaking;
            case Goal.Boot:
                return NodeStep.Rebooting;
            case Goal.Stage when cordoned:
                return inFlight?.Step == NodeStep.Drained ? NodeStep.Drained : NodeStep.Cordoned;
            case Goal.Stage:
                return current && agent == NodeStep.Staged ? NodeStep.Staged : NodeStep.Staging;
            default:
                if (os.Spec.Failure is { } failure && os.Spec.Image?.Digest == failure.Digest)
                {
                    return cordoned ? NodeStep.Failed : NodeStep.RolledBack;
                }

                return os.Spec.Image is { } image && image.Digest == os.Status?.Booted?.Digest ? NodeStep.Updated : NodeStep.Idle;
        }
    }

    private static string Short(string digest) => digest.Length > 12 ? digest[..12] : digest;
}
