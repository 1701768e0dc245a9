// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Honest: 2% of purchases and 4% of sales go to a wallet, and the owner who could have changed that is gone.
contract TaxRenounced is PoolToken {
    uint256 public buyTax = 200;
    uint256 public sellTax = 400;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setTaxes(uint256 buyTax_, uint256 sellTax_) external onlyOwner {
        buyTax = buyTax_;
        sellTax = sellTax_;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 rate = _isBuy(from, to) ? buyTax : _isSell(from, to) ? sellTax : 0;
        uint256 tax = (value * rate) / 10_000;
        if (tax > 0) _write(from, launcher, tax);
        _write(from, to, value - tax);
    }
}
