using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Nodes;

/// <summary>
/// A step from one state of a node to another. The diagram in config/docs/architecture.md is made of these, and random rollouts make no
/// other step. On a method of <see cref="NodeTransitions"/> the controller takes it, by a write; on one of <see cref="NodeStateMachine"/>
/// it is taken by the host, by pods or by a person, and seen there.
/// </summary>
/// <param name="from">Where it begins.</param>
/// <param name="to">Where it leads.</param>
/// <param name="when">What makes it, in a few words for the diagram.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class TransitionAttribute(NodeStep from, NodeStep to, string when) : Attribute
{
    public NodeStep From => from;

    public NodeStep To => to;

    public string When => when;
}
