using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Ostler.Api.NodeOSes;
using Ostler.Console.Tests.Support;
using Ostler.Kubernetes.Core;

namespace Ostler.Console.Tests;

/// <summary>The page in a real Chromium: what a person sees, hears and can do without a pointer.</summary>
public sealed partial class FleetPageTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(5)]
    [InlineData(2000)]
    public async Task Every_node_has_its_step_as_colour_sign_and_words_and_changes_come_by_themselves(int nodes)
    {
        await using var fleet = await ConsoleFleet.StartAsync(nodes, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;

        await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(nodes);
        await Assertions.Expect(page.Locator("#link-text")).ToHaveTextAsync("Live");
        var cell = page.Locator("[data-node=node-1]");
        await Assertions.Expect(cell).ToHaveAttributeAsync("data-step", "Updated");
        await Assertions.Expect(cell).ToHaveAttributeAsync("aria-label", "node-1 Updated · 42.20261101.3");
        await Assertions.Expect(cell.Locator(".sign")).ToHaveTextAsync("✓");

        // One object changes: one row comes, and nothing else of the page is made anew.
        await page.EvaluateAsync("() => { document.querySelector('[data-node=node-5]').mark = 'same element'; }");
        var (_, os) = ConsoleFleet.Machine(1, nodes, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());
        fleet.Api.Put(OstlerResources.NodeOSes, os with { Status = os.Status! with { Step = NodeStep.Failed } });

        await Assertions.Expect(cell).ToHaveAttributeAsync("data-step", "Failed");
        await Assertions.Expect(cell.Locator(".sign")).ToHaveTextAsync("×");
        Assert.Equal("same element", await page.EvaluateAsync<string>("() => document.querySelector('[data-node=node-5]').mark"));

        fleet.Api.Delete(CoreResources.Nodes, "node-5");
        await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(nodes - 1);
        visit.AssertQuiet();
    }

    [Fact]
    public async Task It_can_be_used_with_the_keyboard_alone()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;
        await page.Locator(".cell").First.WaitForAsync();

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to content", await Focused(page));
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("node-19");
        await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(11);
        await Assertions.Expect(page.Locator(".tools [role=status]")).ToHaveTextAsync("11 of 200 nodes");
        await page.Locator("[type=search]").FillAsync("");

        // One stop of the Tab key for all cells; the arrows go on from there, over lines and groups.
        Assert.Equal(1, await page.Locator(".cell[tabindex='0']").CountAsync());
        await page.Locator(".cell[tabindex='0']").FocusAsync();
        await page.Keyboard.PressAsync("Home");
        var first = await Focused(page);
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(page.Locator("#tip")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("ArrowUp");
        Assert.Equal(first, await Focused(page));
        await page.Keyboard.PressAsync("End");
        Assert.NotEqual(first, await Focused(page));
        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("Enter");

        // The new page begins at its heading, for whoever listens.
        await Assertions.Expect(page).ToHaveURLAsync(NodeAddress());
        await Assertions.Expect(page.Locator("h1")).ToBeFocusedAsync();
        await Assertions.Expect(page).ToHaveTitleAsync("node-3 · Ostler");
        visit.AssertQuiet();
    }

    [Fact]
    public async Task A_filter_of_steps_a_group_and_a_table_show_the_same_nodes()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;

        await page.GetByRole(AriaRole.Button, new() { Name = "Rolled back 2" }).ClickAsync();
        await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(3);
        await Assertions.Expect(page.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("Health check failed: systemd: edge-app.service has failed.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Rolled back 2" }).ClickAsync();
        await page.GetByLabel("Group by").SelectOptionAsync("booted");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveTextAsync(["41.20261001.1 137 nodes", "42.20261101.3 63 nodes"]);
    }

    [Fact]
    public async Task A_policy_shows_its_waves_what_is_in_flight_what_is_blocked_and_when_nodes_were_done()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/policies/edge");
        var page = visit.Page;

        await Assertions.Expect(page.Locator(".waves li")).ToHaveCountAsync(3);
        await Assertions.Expect(page.Locator(".waves [aria-current=step] h3")).ToContainTextAsync("zone-a");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Table: Blocked nodes" })).ToContainTextAsync("PodDisruptionBudget shop/database allows no eviction");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Table: Nodes in flight" })).ToContainTextAsync("Waiting for boot");
        await Assertions.Expect(page.Locator("svg.chart")).ToHaveAttributeAsync("aria-label", TimelineText());
        await Assertions.Expect(page.Locator(".upgrades tbody tr")).ToHaveCountAsync(40);

        await page.Locator(".upgrades tbody a").Last.ClickAsync();
        await Assertions.Expect(page.Locator(".history")).ToContainTextAsync("Drained, instructed to boot");
        await Assertions.Expect(page.Locator(".history")).ToContainTextAsync("DrainBlocked");
        visit.AssertQuiet();
    }

    [Fact]
    public async Task What_a_cluster_says_is_text_and_never_markup_or_script()
    {
        const string Evil = "<img src=x onerror=\"window.pwned=1\"><script>window.pwned=1</script>\n\nevent: fleet\ndata: {}\n\n\u2028</script>javascript:pwned";
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        var (node, os) = ConsoleFleet.Machine(2, 5, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());

        // No API server takes such names. What is shown must not rest on that.
        const string Name = "\"><img src=x onerror=window.pwned=1>";
        fleet.Api.Put(CoreResources.Nodes, node with { Metadata = node.Metadata with { Name = Name, Uid = "evil", Labels = new Dictionary<string, string> { ["topology.kubernetes.io/zone"] = Evil } } });
        fleet.Api.Put(OstlerResources.NodeOSes, os with
        {
            Metadata = os.Metadata with { Name = Name, OwnerReferences = [new() { ApiVersion = "v1", Kind = "Node", Name = Name, Uid = "evil" }] },
            Status = os.Status! with { Booted = new() { Digest = ConsoleFleet.OldDigest, Version = Evil }, LastError = new() { Reason = "Broken", Message = Evil, At = TimeProvider.System.GetUtcNow() } },
        });
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;

        await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(6);
        await Assertions.Expect(page.Locator($".cell:has-text('onerror=window')")).ToHaveCountAsync(1);
        await page.Locator($".cell:has-text('onerror=window')").ClickAsync();
        await Assertions.Expect(page.Locator(".lead")).ToContainTextAsync("onerror=\"window.pwned=1\"");
        await page.Locator(".history li").First.WaitForAsync();
        Assert.Equal(0, await page.Locator("main img, main script").CountAsync());
        Assert.True(await page.EvaluateAsync<bool>("() => window.pwned === undefined"));

        // And the policy of the page would stop it if the page did not.
        Assert.Equal("refused", await page.EvaluateAsync<string>("() => { try { document.body.innerHTML += '<img src=x onerror=\"window.pwned=1\">'; return 'taken'; } catch { return 'refused'; } }"));
        Assert.Single(visit.Complaints);
    }

    [GeneratedRegex("#/nodes/node-3$")]
    private static partial Regex NodeAddress();

    [GeneratedRegex("^61 of 200 nodes updated between .*; 2 nodes rolled back; completion is estimated at ")]
    private static partial Regex TimelineText();

    private static Task<string> Focused(IPage page) => page.EvaluateAsync<string>("() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent");
}
