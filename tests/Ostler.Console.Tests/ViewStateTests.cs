using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Ostler.Console.Tests.Support;

namespace Ostler.Console.Tests;

/// <summary>What the address keeps, and in which order nodes and policies come.</summary>
public sealed partial class ViewStateTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Filter_steps_grouping_and_selection_are_in_the_address_and_kept_on_Back_and_reload()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;
        await page.GetByLabel("Filter nodes").FillAsync("zone-b");
        await page.GetByRole(AriaRole.Button, new() { Name = "Updated 61" }).ClickAsync();
        await page.GetByLabel("Group by").SelectOptionAsync("booted");
        var cells = await page.Locator(".cell").CountAsync();
        Assert.InRange(cells, 2, 60);
        var opened = await page.Locator(".cell").Nth(cells - 1).GetAttributeAsync("data-node");

        await page.Locator(".cell").Nth(cells - 1).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(opened!);
        await page.GoBackAsync();

        await ShownAsync();
        await Assertions.Expect(page.Locator($"[data-node={opened}]")).ToBeFocusedAsync();
        await page.ReloadAsync();
        await ShownAsync();
        visit.AssertQuiet();

        async Task ShownAsync()
        {
            await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(cells);
            await Assertions.Expect(page.GetByLabel("Filter nodes")).ToHaveValueAsync("zone-b");
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Updated 61" }))
                .ToHaveAttributeAsync("aria-pressed", "true");
            await Assertions.Expect(page.GetByLabel("Group by")).ToHaveValueAsync("booted");
            await Assertions.Expect(page.Locator(".cell[aria-current=true]")).ToHaveAttributeAsync("data-node", opened!);
        }
    }

    [Fact]
    public async Task The_table_sorts_by_each_column_both_ways_and_the_address_keeps_it()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/?view=table");
        var page = visit.Page;
        var first = page.Locator("tbody tr").First;

        // Unsorted, the most severe come first.
        await Assertions.Expect(first).ToContainTextAsync("Rolled back");
        await page.GetByRole(AriaRole.Button, new() { Name = "Node" }).ClickAsync();
        await Assertions.Expect(first.Locator("th")).ToHaveTextAsync("node-1");
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Node" }))
            .ToHaveAttributeAsync("aria-sort", "ascending");
        await page.GetByRole(AriaRole.Button, new() { Name = "Node" }).PressAsync("Enter");
        await Assertions.Expect(first.Locator("th")).ToHaveTextAsync("node-200");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Node" })).ToBeFocusedAsync();
        await Assertions.Expect(page).ToHaveURLAsync(SortedAddress());

        await page.ReloadAsync();
        await Assertions.Expect(first.Locator("th")).ToHaveTextAsync("node-200");
        await Assertions.Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Node" }))
            .ToHaveAttributeAsync("aria-sort", "descending");
        visit.AssertQuiet();
    }

    [Theory]
    [InlineData("rolled back", 2)]
    [InlineData("RolledBack", 2)]
    [InlineData("rebooting", 2)]
    [InlineData("health check failed", 2)]
    [InlineData("not ready", 1)]
    public async Task The_filter_matches_steps_reasons_and_states(string text, int nodes)
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        await visit.Page.GetByLabel("Filter nodes").FillAsync(text);

        await Assertions.Expect(visit.Page.Locator(".tools [role=status]")).ToHaveTextAsync($"{nodes} of 200 nodes");
    }

    [Fact]
    public async Task The_most_severe_comes_first()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/?group=step");
        var page = visit.Page;

        await Assertions.Expect(page.Locator(".card h2 a")).ToHaveTextAsync(["lab", "edge", "control-plane"]);
        await Assertions.Expect(page.Locator(".trouble li")).ToContainTextAsync(
            ["lab halted", "lab-os · Quarantined", "2 nodes rolled back", "edge · wave rest waits for approval", "5 nodes blocked"]);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 3 }).First).ToHaveTextAsync("Rolled back 2 nodes");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 3 }).Last).ToContainTextAsync("Updated");
    }

    [GeneratedRegex("sort=-node")]
    private static partial Regex SortedAddress();
}
