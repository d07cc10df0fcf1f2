using Ostler.Rollout.Context;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>What is reported about healthy nodes that are rolled back because others failed.</summary>
internal static class ReturnMessages
{
    /// <summary>Why this node cannot be rolled back.</summary>
    public static string Impossible(NodeView view) => view.Spec.LastUpgrade?.Previous is { } former
        ? $"Should go back to {MessageText.Of(former)}, which the host does not keep any more: it stays on {Running(view)}. Point the OSImage at a better tree."
        : $"Should go back, but what it ran before is not known: it stays on {Running(view)}. Point the OSImage at a better tree.";

    /// <summary>Why a healthy node is rolled back.</summary>
    public static string Why(RolloutContext context) => context.Failures.First is { } first
        ? $"The node was well; {first.Node} failed ({first.Failure.Reason}), and spec.rollback.scope is {context.Spec.Rollback.Scope}."
        : $"The node was well; others that are gone since failed, and spec.rollback.scope is {context.Spec.Rollback.Scope}.";

    private static string Running(NodeView view) => view.Status?.Booted is { } booted ? MessageText.Of(booted) : "what it runs";
}
