using System.Text;
using Ostler.Testing.Waiting;

namespace Ostler.Testing.Tests.Waiting;

public sealed class ObjectStateTests
{
    [Theory]
    [InlineData("""{"metadata":{"resourceVersion":"12"},"status":{"x":1}}""", """{"metadata":{"resourceVersion":"13"},"status":{"x":1}}""", true)]
    [InlineData("""{"lastHeartbeatTime":"2026-11-29T09:00:00Z"}""", """{"lastHeartbeatTime":"2026-11-29T09:00:10.5Z"}""", true)]
    [InlineData("""{"message":"waits for 12 s, until 09:00"}""", """{"message":"waits for 13 s, until 09:01"}""", true)]
    [InlineData("""{"step":"Staging"}""", """{"step":"Staged"}""", false)]
    [InlineData("""{"updated":2}""", """{"updated":3}""", false)]
    public void What_changes_although_nothing_happens_is_no_state(string before, string after, bool same) =>
        Assert.Equal(same, ObjectState.Of(Encoding.UTF8.GetBytes(before)) == ObjectState.Of(Encoding.UTF8.GetBytes(after)));
}
