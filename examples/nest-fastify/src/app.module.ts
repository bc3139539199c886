/** The only module of the app. */

import { Module } from '@nestjs/common'
import { APP_FILTER, APP_GUARD } from '@nestjs/core'
import { CsrfGuard } from './guards.js'
import { SessionErrorFilter } from './session-error.filter.js'
import { ShopController } from './shop.controller.js'

@Module({
  controllers: [ShopController],
  providers: [
    { provide: APP_GUARD, useClass: CsrfGuard },
    { provide: APP_FILTER, useClass: SessionErrorFilter },
  ],
})
export class AppModule {}
