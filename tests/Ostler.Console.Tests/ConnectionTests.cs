using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Ostler.Api.NodeOSes;
using Ostler.Console.Tests.Support;
using Ostler.Kubernetes.Core;

namespace Ostler.Console.Tests;

/// <summary>Signing in, and what the page does when the controller goes away.</summary>
public sealed class ConnectionTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_a_token_is_asked_for_one_signs_in_and_a_reload_forgets_it()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel, new() { Address = new(System.Net.IPAddress.Loopback, 0), Tokens = true }, (request, response) => request.Path switch
        {
            "/apis/authentication.k8s.io/v1/tokenreviews" => response.JsonAsync($$"""{"status":{"authenticated":{{((string?)request.BodyJson!["spec"]!["token"] == "good" ? "true" : "false")}},"user":{"username":"jane"} } }"""),
            _ => response.JsonAsync(new JsonObject { ["status"] = new JsonObject { ["allowed"] = true }, ["metadata"] = new JsonObject(), ["items"] = new JsonArray() }),
        });
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;

        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Sign in with a token of the cluster");
        await Assertions.Expect(page.GetByLabel("Token")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("wrong");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not know this token");
        await page.GetByLabel("Token").FillAsync("good");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.Locator(".cell")).ToHaveCountAsync(5);
        await page.Locator("[data-node=node-1]").ClickAsync();
        await Assertions.Expect(page.Locator(".history li").First).ToBeVisibleAsync();

        Assert.Equal("{}|", await page.EvaluateAsync<string>("() => JSON.stringify(Object.fromEntries(Object.entries(localStorage).filter(([k]) => k !== 'ostler-theme'))) + '|' + document.cookie"));
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("Token")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task It_comes_back_by_itself_after_the_connection_was_lost_and_has_what_happened_meanwhile()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address);
        var page = visit.Page;
        await Assertions.Expect(page.Locator("#link-text")).ToHaveTextAsync("Live");
        await page.EvaluateAsync("() => { window.sameDocument = true; }");

        await page.Context.SetOfflineAsync(true);
        await fleet.RestartAsync(Cancel);
        await Assertions.Expect(page.Locator("#link")).ToHaveAttributeAsync("data-state", "waiting");
        var (_, os) = ConsoleFleet.Machine(5, 5, TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow());
        fleet.Api.Put(OstlerResources.NodeOSes, os with { Status = os.Status! with { Step = NodeStep.Staging } });
        await page.Context.SetOfflineAsync(false);

        await Assertions.Expect(page.Locator("[data-node=node-5]")).ToHaveAttributeAsync("data-step", "Staging", new() { Timeout = 20_000 });
        await Assertions.Expect(page.Locator("#link-text")).ToHaveTextAsync("Live");
        Assert.True(await page.EvaluateAsync<bool>("() => window.sameDocument"));
    }

    [Fact]
    public async Task Light_and_dark_are_the_systems_unless_one_is_chosen_and_the_choice_is_kept()
    {
        await using var fleet = await ConsoleFleet.StartAsync(5, Cancel);
        await using var visit = await Visit.OpenAsync(chromium, fleet.Address, scheme: ColorScheme.Dark);
        var page = visit.Page;
        Task<string> Background() => page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");

        Assert.Equal("rgb(14, 19, 24)", await Background());
        await page.Locator("#theme").ClickAsync();
        Assert.Equal("rgb(244, 246, 248)", await Background());
        await page.ReloadAsync();
        Assert.Equal("rgb(244, 246, 248)", await Background());
        await page.Locator("#theme").ClickAsync();
        Assert.Equal(("rgb(14, 19, 24)", "Theme: dark"), (await Background(), await page.Locator("#theme").TextContentAsync()));
    }
}
