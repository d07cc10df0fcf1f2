using Microsoft.Playwright;
using Ostler.Testing.Tools;

[assembly: AssemblyFixture(typeof(Ostler.Console.Tests.Support.Chromium))]

namespace Ostler.Console.Tests.Support;

/// <summary>Debian's Chromium, started once for all tests, driven by Playwright.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string _whyNot = "";

    /// <summary>A fresh profile: no cache, no storage. Skips the test where there is no Chromium.</summary>
    public async Task<IBrowserContext> NewContextAsync(ColorScheme scheme = ColorScheme.Light, int width = 1440, int height = 900,
        string? timeZone = null)
    {
        Assert.SkipWhen(_browser is null, _whyNot);
        return await _browser!.NewContextAsync(new()
        {
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = height },
            Locale = "en-GB",
            TimezoneId = timeZone,
            ReducedMotion = ReducedMotion.Reduce
        });
    }

    public async ValueTask InitializeAsync()
    {
        (var program, _whyNot) = await Browsers.FindChromiumAsync(TestContext.Current.CancellationToken);
        if (program is not null)
        {
            _playwright = await Playwright.CreateAsync();

            // Root has no other sandbox than none; the pages are our own.
            _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
