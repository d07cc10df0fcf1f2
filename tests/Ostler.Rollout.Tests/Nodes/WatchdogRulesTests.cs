using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class WatchdogRulesTests
{
    [Theory]
    [InlineData(15, null, true, 720)]
    [InlineData(60, null, true, 720)]
    [InlineData(5, null, true, 240)]
    [InlineData(15, 5, true, 300)]
    [InlineData(15, 0, true, null)]
    [InlineData(15, null, false, null)]
    [InlineData(15, 5, false, null)]
    [InlineData(6000, 2000, true, 86400)]
    public void A_host_waits_so_many_seconds_for_its_agents_word(int reboot, int? watchdog, bool automatic, int? expected)
    {
        var spec = Trees.Policy(s => s with
        {
            Reboot = new() { Timeout = Duration.FromMinutes(reboot) },
            Rollback = new() { Automatic = automatic, Watchdog = watchdog is { } minutes ? Duration.FromMinutes(minutes) : null },
        });

        Assert.Equal(expected, WatchdogRules.Of(spec)?.Value.TotalSeconds);
        Assert.True(WatchdogRules.Of(spec) is not { } time || time < spec.Reboot.Timeout);
    }
}
