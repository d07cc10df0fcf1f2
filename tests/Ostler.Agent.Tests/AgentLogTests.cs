using Microsoft.Extensions.Time.Testing;
using Ostler.Agent.Logging;
using Ostler.Agent.Tests.Support;

namespace Ostler.Agent.Tests;

public sealed class AgentLogTests
{
    [Fact]
    public void An_event_is_one_line_and_a_tools_words_cannot_forge_another()
    {
        var output = new StringWriter();

        new AgentLog(output, new FakeTimeProvider(HostTrees.Noon)).Warning("PullFailed", "bad\nlevel=info reason=Updated \"quoted\" \\");

        Assert.Equal(
            "time=2026-11-24T12:00:00.000Z level=warning reason=PullFailed message=\"bad level=info reason=Updated \\\"quoted\\\" \\\\\"" + Environment.NewLine,
            output.ToString());
    }
}
