// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";
import {SellerRegistry} from "traps/SellerRegistry.sol";

/// Trap: a registry is asked whether one may sell, and the registry has an owner although the token has none.
contract ExternalRegistry is PoolToken {
    SellerRegistry public immutable registry = new SellerRegistry(msg.sender);

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(registry.maySell(from), "refused by the registry");
        _write(from, to, value);
    }
}
