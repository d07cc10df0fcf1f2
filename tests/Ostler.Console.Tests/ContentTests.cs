using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Console.Tests.Support;
using Ostler.Kubernetes.Core;

namespace Ostler.Console.Tests;

/// <summary>What the pages say: terms, times, commands, images, and each fact once.</summary>
public sealed partial class ContentTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_shows_versions_quarantine_signature_and_the_next_poll()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/images");
        var page = visit.Page;
        await Assertions.Expect(page.Locator("tbody th")).ToHaveTextAsync(["lab-os", "edge-os"]);

        await page.Locator("tbody a", new() { HasText = "edge-os" }).ClickAsync();
        var versions = page.GetByRole(AriaRole.Region, new() { Name = "Table: Versions" }).Locator("tbody tr");
        await Assertions.Expect(versions).ToContainTextAsync(
            ["42.20261101.3222222222222current63 nodes", "41.20261001.1111111111111previous 1137 nodes"]);
        await Assertions.Expect(page.Locator(".facts")).ToContainTextAsync(NextPoll());
        await Assertions.Expect(page.Locator(".facts")).ToContainTextAsync("not required");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("No digest is quarantined.");

        await page.GotoAsync($"{fleet.Address}#/images/lab-os");
        await Assertions.Expect(page.Locator(".facts")).ToContainTextAsync("Verified · Sigstore bundle");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Table: Quarantined digests" }))
            .ToContainTextAsync("Health check failedlab");
        await Assertions.Expect(page.Locator(".command code"))
            .ToHaveTextAsync($"kubectl ostler quarantine remove lab-os {ConsoleFleet.BetaDigest}");
        visit.AssertQuiet();
    }

    [Fact]
    public async Task A_message_with_a_time_in_it_wraps()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        fleet.Api.Put(OstlerResources.UpgradePolicies, new UpgradePolicy
        {
            Metadata = new() { Name = "late", Uid = "policy-late", Generation = 1 },
            Spec = new()
            {
                ImageRef = new() { Name = "edge-os" },
                NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "late" } },
            },
            Status = new()
            {
                ObservedGeneration = 1,
                Target = new() { Digest = ConsoleFleet.NewDigest, Version = "42.20261101.3" },
                Nodes = new() { Total = 1, RolledBack = 1 },
                Blocked = [new()
                {
                    Node = "node-3",
                    Reason = "RolledBack",
                    Message = "42.20261101.3 (222222222222) failed here at 2026-11-01T12:30:00Z (HostCheckFailed: A host check fails: "
                        + "kubelet: kubelet.service is failed.); the node runs 41.20261001.1 (111111111111) again.",
                }],
                Conditions = [new() { Type = "Ready", Status = ConditionStatus.False, Reason = "RollingOut", Message = "" }],
            },
        });
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/policies/late", width: 1120);
        var table = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Table: Blocked nodes" });
        await Assertions.Expect(table.Locator("time")).ToHaveCountAsync(1);

        Assert.Equal(0, await table.EvaluateAsync<int>("region => region.scrollWidth - region.clientWidth"));
    }

    [Fact]
    public async Task The_command_beside_what_needs_a_user_is_copied()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await Assertions.Expect(page.Locator(".trouble .command code")).ToHaveTextAsync(
            ["kubectl ostler retry lab", $"kubectl ostler quarantine remove lab-os {ConsoleFleet.BetaDigest}",
                "kubectl ostler retry edge", "kubectl ostler approve edge --wave rest"]);

        await page.GetByRole(AriaRole.Button, new() { Name = "Copy: kubectl ostler approve edge --wave rest" }).ClickAsync();

        Assert.Equal("kubectl ostler approve edge --wave rest", await page.EvaluateAsync<string>("() => navigator.clipboard.readText()"));
        await Assertions.Expect(page.Locator("#said")).ToHaveTextAsync("Copied: kubectl ostler approve edge --wave rest");
        foreach (var (hash, command) in new[] { ("#/policies/lab", "kubectl ostler retry lab"),
            ("#/policies/edge", "kubectl ostler approve edge --wave rest"),
            ($"#/nodes/{await RolledBackAsync(page)}", "kubectl ostler retry edge") })
        {
            await page.GotoAsync($"{fleet.Address}{hash}");
            await Assertions.Expect(page.Locator(".command code")).ToHaveTextAsync([command]);
        }
    }

    /// <summary>A command goes into a shell: from a name that is none, none is made.</summary>
    [Theory]
    [InlineData("edge", "kubectl ostler retry edge")]
    [InlineData("edge; rm -rf ~", null)]
    [InlineData("$(id)", null)]
    [InlineData("--help", null)]
    public async Task No_command_is_made_of_what_is_no_name(string policy, string? command)
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);

        Assert.Equal(command, await visit.Page.EvaluateAsync<string?>(
            "async (policy) => (await import('/commands.js')).commandFor('TooManyFailures', { policy })", policy));
    }

    [Fact]
    public async Task Times_are_local_in_messages_as_well_and_the_zone_is_named()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/policies/lab", timeZone: "Asia/Tokyo");
        var page = visit.Page;

        await Assertions.Expect(page.Locator(".lead")).ToContainTextAsync("21:30.");
        await Assertions.Expect(page.Locator("#zone")).ToHaveTextAsync("Times: Asia/Tokyo");
        foreach (var hash in (string[])["", "#/policies/edge", "#/policies/lab", "#/nodes/node-1", "#/images/lab-os"])
        {
            await page.GotoAsync($"{fleet.Address}{hash}");
            await page.Locator("h1").WaitForAsync();
            Assert.DoesNotMatch(Utc(), await page.Locator("body").InnerTextAsync());
        }
    }

    [Fact]
    public async Task No_sentence_is_shown_twice_on_a_page()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        foreach (var (hash, there) in new[] { ("", ".cell"), ("#/policies/edge", ".timeline"), ("#/policies/lab", ".progress"),
            ("#/nodes/node-3", ".history li"), ("#/images/lab-os", ".facts") })
        {
            await visit.Page.GotoAsync($"{fleet.Address}{hash}");
            await visit.Page.Locator(there).First.WaitForAsync();
            var sentences = (await visit.Page.Locator("main").InnerTextAsync()).Split('\n').SelectMany(line => Sentence().Split(line))
                .Select(s => s.Trim()).Where(s => s.Count(char.IsWhiteSpace) >= 4);

            Assert.Equal([], sentences.GroupBy(s => s).Where(g => g.Count() > 1).Select(g => $"{hash}: {g.Key}"));
        }
    }

    [Fact]
    public async Task The_terms_are_those_of_the_API_with_hints_in_plain_words()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/policies/edge");
        var facts = visit.Page.Locator(".facts");
        await Assertions.Expect(facts).ToContainTextAsync("maxUnavailable1Limit on nodes that are unavailable at the same time");
        await Assertions.Expect(facts).ToContainTextAsync("unavailable8Cordoned, not Ready, or in flight");

        await visit.Page.GotoAsync($"{fleet.Address}#/nodes/node-1");
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Table: Deployments" }))
            .ToContainTextAsync("Rollbackprevious image");
        foreach (var hash in (string[])["", "#/policies/edge", "#/nodes/node-1", "#/images/edge-os"])
        {
            await visit.Page.GotoAsync($"{fleet.Address}{hash}");
            await visit.Page.Locator("h1").WaitForAsync();
            Assert.DoesNotMatch("(?i)\\b(tree|trees|away|anew|a person|somebody|go back)\\b",
                (await visit.Page.Locator("main").InnerTextAsync()).Replace("Told", "", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_reboot_that_is_part_of_an_upgrade_is_neither_red_nor_trouble()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;
        var cell = page.Locator("[data-node=node-2]");
        await Assertions.Expect(cell).ToHaveAttributeAsync("aria-label", "node-2 Rebooting · 41.20261001.1");
        Assert.DoesNotContain("away", await cell.GetAttributeAsync("class"), StringComparison.Ordinal);
        await Assertions.Expect(page.Locator(".totals")).Not.ToContainTextAsync("not ready");

        // The same node, not Ready without a reboot, is.
        var (node, os) = ConsoleFleet.Machine(2, 5, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());
        fleet.Api.Delete(OstlerResources.UpgradePolicies, "edge");
        fleet.Api.Put(OstlerResources.NodeOSes, os with { Status = os.Status! with { Step = NodeStep.Idle } });
        Assert.Equal("Unknown", node.Ready?.Status);
        await Assertions.Expect(page.Locator(".totals")).ToContainTextAsync("1 not ready");

        await page.GotoAsync($"{fleet.Address}#/nodes/node-2");
        Assert.Equal(0, await page.Locator(".history li[data-tone=bad]", new() { HasText = "Rebooted" }).CountAsync());
    }

    [Fact]
    public async Task The_header_names_cluster_user_version_and_docs()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel,
            new() { Address = new(System.Net.IPAddress.Loopback, 0), ClusterName = "prod-west" });
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;

        await Assertions.Expect(page.Locator("#cluster")).ToHaveTextAsync("prod-west");
        await Assertions.Expect(page.Locator("#user")).ToHaveTextAsync("local access");
        await Assertions.Expect(page.Locator("#version")).ToHaveTextAsync(Version());
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Documentation" }))
            .ToHaveAttributeAsync("href", "https://ostler.dev/docs");
        await Assertions.Expect(page).ToHaveTitleAsync("Fleet · prod-west · Ostler");
    }

    [Fact]
    public async Task On_a_phone_the_current_step_is_visible_and_what_is_wider_says_that_it_scrolls()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/nodes/node-2", width: 390);
        var page = visit.Page;
        await Assertions.Expect(page.Locator(".way .here")).ToHaveTextAsync("↻Rebooting");
        var box = (await page.Locator(".way .here").BoundingBoxAsync())!;
        Assert.InRange(box.X, 0, 390 - box.Width);
        await Assertions.Expect(page.Locator(".scroll:has(.way) + .sideways")).ToBeVisibleAsync();

        foreach (var hash in (string[])["#/nodes/node-2", "#/policies/edge", "#/images/lab-os", "#/?view=table"])
        {
            await page.GotoAsync($"{fleet.Address}{hash}");
            await page.Locator("table").First.WaitForAsync();
            Assert.Equal(390, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        }

        var table = page.GetByRole(AriaRole.Region, new() { Name = "Table: Nodes" });
        await Assertions.Expect(page.Locator(".scroll + .sideways")).ToBeVisibleAsync();
        await table.EvaluateAsync("e => { e.scrollLeft = e.scrollWidth; }");
        await Assertions.Expect(page.Locator(".scroll + .sideways")).ToBeHiddenAsync();
        Assert.InRange((await page.Locator("tbody th").First.BoundingBoxAsync())!.X, 0, 100);
    }

    [Fact]
    public async Task The_timeline_has_labelled_axes_now_and_the_nodes_that_were_rolled_back()
    {
        await using var fleet = await ConsoleFleet.StartAsync(200, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, "#/policies/edge", timeZone: "Asia/Tokyo");
        var timeline = visit.Page.Locator(".timeline");

        await Assertions.Expect(timeline.Locator(".labels.y span")).ToHaveTextAsync(["0", "100", "200"]);
        Assert.InRange(await timeline.Locator(".labels.x time").CountAsync(), 2, 8);
        var tick = timeline.Locator(".labels.x time").First;
        var at = DateTimeOffset.Parse((await tick.GetAttributeAsync("datetime"))!, CultureInfo.InvariantCulture)
            .ToOffset(TimeSpan.FromHours(9));
        await Assertions.Expect(tick).ToHaveTextAsync(at.ToString("HH:mm", CultureInfo.InvariantCulture));
        await Assertions.Expect(timeline.Locator(".now")).ToHaveTextAsync("now");
        await Assertions.Expect(timeline.Locator("figcaption")).ToContainTextAsync("rolled back: node-");
        Assert.Equal(2, await timeline.Locator(".fell").CountAsync());
        await Assertions.Expect(visit.Page.Locator(".upgrades tbody tr").First).ToContainTextAsync("Rolled back");
    }

    private static async Task<string> RolledBackAsync(IPage page) =>
        (await page.Locator(".cell[data-step=RolledBack]").First.GetAttributeAsync("data-node"))!;

    [GeneratedRegex("Next poll\\d\\d:\\d\\d:\\d\\d \\(in [67] min.*\\)pollInterval: 10m")]
    private static partial Regex NextPoll();

    [GeneratedRegex("\\d{4}-\\d\\d-\\d\\dT")]
    private static partial Regex Utc();

    [GeneratedRegex("(?<=[.])\\s+|\\t")]
    private static partial Regex Sentence();

    [GeneratedRegex("^\\d+\\.\\d+\\.\\d+")]
    private static partial Regex Version();
}
