/** A small shop: visits, signing in and out, a cart, flash messages. */

import { Body, Controller, Get, Header, Post, Query, Redirect, UseGuards } from '@nestjs/common'
import { safeNext } from 'sojourn'
import { SignedInGuard } from './guards.js'
import { account, cart, home, loginForm } from './pages.js'
import { CurrentSession, type ShopSession } from './sessions.js'

const HTML = ['content-type', 'text/html; charset=utf-8'] as const

@Controller()
export class ShopController {
  @Get()
  @Header(...HTML)
  home(@CurrentSession() session: ShopSession): string {
    session.update('visits', (n = 0) => n + 1)
    return home(session)
  }

  @Get('login')
  @Header(...HTML)
  loginForm(@CurrentSession() session: ShopSession, @Query('next') next = ''): string {
    return loginForm(session, next)
  }

  @Post('login')
  @Redirect('/', 303)
  login(
    @CurrentSession() session: ShopSession,
    @Body('name') name: string,
    @Body('next') next: string,
  ): { url: string } {
    session.login(name)
    session.flash(`Welcome, ${name}`)
    return { url: safeNext(next, '/') }
  }

  @Post('logout')
  @Redirect('/', 303)
  logout(@CurrentSession() session: ShopSession): void {
    session.logout()
    session.flash('Signed out')
  }

  @Get('cart')
  @Header(...HTML)
  cart(@CurrentSession() session: ShopSession): string {
    return cart(session)
  }

  @Post('cart')
  @Redirect('/cart', 303)
  addToCart(@CurrentSession() session: ShopSession, @Body('item') item: string): void {
    session.update('cart', (items = []) => [...items, item])
    session.flash(`Added ${item}`)
  }

  @Get('account')
  @Header(...HTML)
  @UseGuards(SignedInGuard)
  account(@CurrentSession() session: ShopSession): string {
    return account(session)
  }
}
