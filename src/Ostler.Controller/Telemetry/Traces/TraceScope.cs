using System.Collections;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Traces;

namespace Ostler.Controller.Telemetry.Traces;

/// <summary>
/// The scope of the log lines about one write to a node: the trace of that node's upgrade, under the names that OpenTelemetry gives them in
/// logs. There whether or not traces are sent: the ID also finds all lines of one attempt, whichever leader wrote them.
/// </summary>
internal sealed class TraceScope : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly SpanIdentity _span;

    private TraceScope(SpanIdentity span) => _span = span;

    public int Count => 2;

    public KeyValuePair<string, object?> this[int index] => index == 0 ? new("trace_id", _span.TraceId) : new("span_id", _span.SpanId);

    /// <summary>Empty when the node is on no attempt.</summary>
    public static IReadOnlyList<KeyValuePair<string, object?>> Of(NodeFacts? node, NodeAction action)
    {
        // The attempt that the write begins, or goes on with or ends: the spec of a node that is given back names none any more.
        var now = node?.OS?.Spec;
        var spec = action is NodeAction.ApplySpec apply && !(now?.Attempt >= apply.Spec.Attempt) ? apply.Spec : now;
        return spec is not null && TraceIdentity.OfNode(action.NodeUid, spec) is { } span ? new TraceScope(span) : [];
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        yield return this[0];
        yield return this[1];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // What console formatters print.
    public override string ToString() => $"trace_id={_span.TraceId} span_id={_span.SpanId}";
}
