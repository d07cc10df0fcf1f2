using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Watchdog;

public sealed class WatchdogStoreTests : IDisposable
{
    private readonly TempHost _host = new();

    private WatchdogStore Store => new(_host.Files);

    public void Dispose() => _host.Dispose();

    [Fact]
    public void What_is_written_is_read()
    {
        var record = HostTrees.Armed(WatchdogState.Fired, HostTrees.SecondBoot) with { FiredAt = HostTrees.Noon, Error = "no room" };

        Store.Write(record);

        Assert.Equal(record, Store.Read());
        Assert.Contains("\"state\": \"Fired\"", _host.Files.Read(WatchdogStore.Path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"format\":1,\"target\":\"a\"}")]
    [InlineData("half of a rec")]
    public void A_record_that_cannot_be_understood_is_none_and_leads_to_nothing(string text)
    {
        _host.Put(WatchdogStore.Path, text);

        Assert.Null(Store.Read());
        Assert.IsType<WatchdogStep.Nothing>(WatchdogDecision.Decide(Store.Read(), HostTrees.SecondBoot, TimeSpan.FromDays(2), new(HostTrees.Commit(2), false)));
    }

    [Fact]
    public void A_record_of_a_later_version_is_left_alone()
    {
        Store.Write(HostTrees.Armed() with { Format = 2 });

        Assert.True(Store.Exists);
        Assert.Null(Store.Read());
    }

    [Fact]
    public void One_at_a_time_may_change_it()
    {
        var first = Store.TryLock();
        Assert.NotNull(first);
        Assert.Null(Store.TryLock());

        first.Dispose();

        using var second = Store.TryLock();
        Assert.NotNull(second);
    }
}
