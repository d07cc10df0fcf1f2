using Ostler.Rollout.Context;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>What is reported about healthy nodes that are rolled back because others failed.</summary>
internal static class ReturnMessages
{
    /// <summary>Why this node cannot be rolled back.</summary>
    public static string Impossible(NodeView view) => view.Spec.LastUpgrade?.Previous is { } former
        ? $"Should roll back to {MessageText.Of(former)}, which the host no longer has. It stays on {Running(view)}. Release a fixed image."
        : $"Should roll back, but the previous image is unknown. It stays on {Running(view)}. Release a fixed image.";

    /// <summary>Why a healthy node is rolled back.</summary>
    public static string Why(RolloutContext context) => context.Failures.First is { } first
        ? $"The node was healthy; {first.Node} failed ({first.Failure.Reason}), and spec.rollback.scope is {context.Spec.Rollback.Scope}."
        : $"The node was healthy; others that no longer exist failed, and spec.rollback.scope is {context.Spec.Rollback.Scope}.";

    private static string Running(NodeView view) => view.Status?.Booted is { } booted ? MessageText.Of(booted) : "its current image";
}
