using Microsoft.Extensions.Time.Testing;
using Ostler.Cli.Commands;

namespace Ostler.Cli.Tests.Status;

/// <summary>A watch must not show old facts as if they were new.</summary>
public class ServerContactTests
{
    [Fact]
    public async Task A_server_that_does_not_answer_is_told_of_with_the_time_that_passed()
    {
        var time = new FakeTimeProvider(CommandLine.Now);
        var answers = true;
        var asked = new SemaphoreSlim(0);
        var contact = new ServerContact(
            _ => answers ? Task.CompletedTask : Task.FromException(new HttpRequestException("refused")), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = contact.RunAsync(() => asked.Release(), stop.Token);
        await asked.WaitAsync(stop.Token);

        answers = false;
        for (var i = 0; i < 4; i++)
        {
            time.Advance(ServerContact.Period);
            await asked.WaitAsync(stop.Token);
        }

        Assert.Equal("No answer from the API server for 12s. What follows was true at 2026-12-01T12:00:00Z.", contact.Silence?.Text);

        answers = true;
        time.Advance(ServerContact.Period);
        await asked.WaitAsync(stop.Token);
        Assert.Null(contact.Silence);
        await stop.CancelAsync();
        await running;
    }
}
