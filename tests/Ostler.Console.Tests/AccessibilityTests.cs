using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Ostler.Console.Tests.Support;

namespace Ostler.Console.Tests;

/// <summary>What axe-core finds of WCAG 2.2 A and AA, in light and dark.</summary>
public sealed class AccessibilityTests(Chromium chromium)
{
    [Theory]
    [InlineData(ColorScheme.Light, 5, "", ".cell")]
    [InlineData(ColorScheme.Dark, 5, "", ".cell")]
    [InlineData(ColorScheme.Light, 70, "", ".cell")]
    [InlineData(ColorScheme.Dark, 70, "", ".cell")]
    [InlineData(ColorScheme.Light, 70, "#/policies/edge", ".upgrades")]
    [InlineData(ColorScheme.Dark, 70, "#/policies/edge", ".upgrades")]
    [InlineData(ColorScheme.Light, 5, "#/policies/lab", ".progress")]
    [InlineData(ColorScheme.Light, 70, "#/?view=table&sort=-step&step=Updated,RolledBack&node=node-3", "table")]
    [InlineData(ColorScheme.Dark, 70, "#/?view=table&sort=node", "table")]
    [InlineData(ColorScheme.Light, 5, "#/images", "table")]
    [InlineData(ColorScheme.Light, 5, "#/images/lab-os", ".facts")]
    [InlineData(ColorScheme.Dark, 5, "#/images/lab-os", ".facts")]
    [InlineData(ColorScheme.Light, 5, "#/policies/edge", ".timeline", 390)]
    [InlineData(ColorScheme.Dark, 5, "#/nodes/node-2", ".history li", 390)]
    [InlineData(ColorScheme.Light, 5, "#/nodes/node-1", ".history li")]
    [InlineData(ColorScheme.Dark, 5, "#/nodes/node-1", ".history li")]
    public async Task No_rule_is_broken(ColorScheme scheme, int nodes, string hash, string there, int width = 1440)
    {
        await using var fleet = await ConsoleFleet.StartAsync(nodes, TestContext.Current.CancellationToken);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, hash, scheme, width);
        await visit.Page.Locator(there).First.WaitForAsync();

        var result = await visit.Page.RunAxe(new AxeRunOptions { RunOnly = new() { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } });

        Assert.Equal([], result.Violations.Select(v => $"{v.Id}: {v.Help}: {string.Join("; ", v.Nodes.Take(3).Select(n => $"{n.Html} ({string.Join(", ", n.Any.Concat(n.All).Select(a => a.Message))})"))}"));
    }
}
